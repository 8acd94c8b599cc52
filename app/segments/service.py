"""Segments: create, change, delete, read. The page, the API and the command line all come through here."""

from __future__ import annotations

from typing import Any

from beanie import PydanticObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from app.auth.permissions import require
from app.database import collection
from app.errors import Conflict, FieldError, InvalidInput, Unavailable
from app.segments import descriptions
from app.segments.canonical import rule_json
from app.segments.catalogue import forget_catalogue
from app.segments.current import read_rule
from app.segments.fields import Catalogue
from app.segments.nodes import Group, SegmentCondition, leaves
from app.segments.preview import count_members
from app.segments.references import Stored, follow, stored_segments
from app.segments.saved import clean_text, get_segment, list_segments
from app.segments.sentence import sentence
from models.campaign import CampaignState
from models.member import Member
from models.segment import DescriptionSource, RuleSource, Segment
from models.values import fold, now

__all__ = [
    "create_segment",
    "delete_segment",
    "get_segment",
    "list_segments",
    "refresh_size",
    "regenerate_description",
    "update_segment",
]

LONGEST_NAME = 120
SIZE_MS = 3_000
"""A save waits no longer than this for the new size."""

CHANGEABLE = ("name", "rule", "description", "source", "prompt")
FINISHED = (CampaignState.DONE.value, CampaignState.CANCELLED.value)


async def create_segment(
    member: Member,
    *,
    name: str,
    rule: object,
    description: str | None = "",
    source: RuleSource | str = RuleSource.HAND,
    prompt: str | None = None,
) -> Segment:
    """Save a new segment. Without a description one is generated.

    Raises PermissionDenied, RuleError, InvalidInput for a name that is empty or longer than 120 characters, and
    Conflict with an error at `name` when another segment has it (without regard to case).
    """
    require(member, "segments.write")
    name = _name(name)
    written = clean_text("description", description)
    group, catalogue = await _checked_rule(rule)
    await _check_free(name, None)
    text, author = await _description(written, name, group, catalogue, member)
    segment = Segment(
        name=name,
        name_folded=fold(name),
        description=text,
        description_source=author,
        rule=rule_json(group),
        sentence=sentence(group, catalogue),
        source=_source(source),
        prompt=clean_text("prompt", prompt) or None,
        created_by=member.id,
        **await _size(group, catalogue),
    )
    try:
        await segment.insert()
    except DuplicateKeyError as problem:
        raise _taken(name) from problem
    forget_catalogue()
    return segment


async def update_segment(member: Member, segment_id: object, *, version: int | None = None, **changes: Any) -> Segment:
    """Change `name`, `rule`, `description`, `source` or `prompt`.

    `version` is the one the change was made on; a newer one in the database is a Conflict. A description that a person
    wrote stays; a generated one is generated again with a new rule, and an emptied one too. Raises what
    `create_segment` raises, and NotFound.
    """
    require(member, "segments.write")
    for key in changes:
        if key not in CHANGEABLE:
            raise InvalidInput.of(key, f"cannot be changed; these can: {', '.join(CHANGEABLE)}")
    segment = await get_segment(member, segment_id)
    if version is not None and version != segment.version:
        raise _changed(segment)
    fields = await _changed_fields(member, segment, changes)
    try:
        row = await collection("segments").find_one_and_update(
            {"_id": segment.id, "version": segment.version},
            {"$set": {**fields, "updated_at": now()}, "$inc": {"version": 1}},
            return_document=ReturnDocument.AFTER,
        )
    except DuplicateKeyError as problem:
        raise _taken(fields["name"]) from problem
    if row is None:
        raise _changed(await get_segment(member, segment_id))
    forget_catalogue()
    changed: Segment = Segment.model_validate(row)
    return changed


async def delete_segment(member: Member, segment_id: object) -> None:
    """Remove a segment for good.

    Raises NotFound, and Conflict naming a campaign that is not over yet, or another segment, that refers to it.
    """
    require(member, "segments.write")
    segment = await get_segment(member, segment_id)
    using = {"$or": [{"segment_ids": segment.id}, {"exclude_segment_ids": segment.id}], "state": {"$nin": FINISHED}}
    campaign = await collection("campaigns").find_one(using, {"name": 1})
    if campaign is not None:
        raise Conflict(
            f'The campaign "{campaign["name"]}" uses this segment. Finish, cancel or change the campaign first.'
        )
    for key, other in (await stored_segments()).items():
        if key != str(segment.id) and _refers(other.rule, str(segment.id)):
            raise Conflict(f'The segment "{other.name}" refers to this segment. Change or delete that one first.')
    await collection("segments").delete_one({"_id": segment.id})
    forget_catalogue()


async def refresh_size(member: Member, segment_id: object) -> Segment:
    """Count the segment now and remember the number. Raises NotFound, RuleError and Unavailable."""
    segment = await get_segment(member, segment_id)
    rule, catalogue = await read_rule(segment.rule)
    fields = {"size": await count_members(rule, catalogue), "sized_at": now()}
    await collection("segments").update_one({"_id": segment.id}, {"$set": fields})
    counted: Segment = segment.model_copy(update=fields)
    return counted


async def regenerate_description(member: Member, *, name: str, rule: object) -> tuple[str, DescriptionSource]:
    """A description for this rule, without saving anything. Raises PermissionDenied and RuleError."""
    require(member, "segments.write")
    group, catalogue = await _checked_rule(rule)
    return await descriptions.generate(clean_text("name", name)[:LONGEST_NAME], group, catalogue, member)


async def _changed_fields(member: Member, segment: Segment, changes: dict[str, Any]) -> dict[str, Any]:
    """What is written: the changes, checked, and what follows from them."""
    fields: dict[str, Any] = {}
    name = segment.name
    if "name" in changes:
        name = _name(changes["name"])
        await _check_free(name, segment.id)
        fields |= {"name": name, "name_folded": fold(name)}
    if "source" in changes:
        fields["source"] = _source(changes["source"]).value
    if "prompt" in changes:
        fields["prompt"] = clean_text("prompt", changes["prompt"]) or None
    written = clean_text("description", changes.get("description", segment.description))
    if "rule" not in changes and written:
        if written != segment.description:
            fields |= {
                "description": written,
                "description_source": descriptions.written_by(written, segment.sentence).value,
            }
        return fields
    group, catalogue = await _checked_rule(changes.get("rule", segment.rule), segment)
    stored = rule_json(group)
    fields |= {"rule": stored, "sentence": sentence(group, catalogue), **await _size(group, catalogue)}
    generated = segment.description_source is not DescriptionSource.PERSON and stored != segment.rule
    if written != segment.description or not written or generated:
        kept = "" if written == segment.description else written
        text, author = await _description(kept, name, group, catalogue, member)
        fields |= {"description": text, "description_source": author.value}
    return fields


async def _description(
    written: str, name: str, group: Group, catalogue: Catalogue, member: Member
) -> tuple[str, DescriptionSource]:
    if written:
        return written, descriptions.written_by(written, sentence(group, catalogue))
    return await descriptions.generate(name, group, catalogue, member)


async def _checked_rule(raw: object, segment: Segment | None = None) -> tuple[Group, Catalogue]:
    """The rule read, with every segment it leads to; `segment` is the one it is meant for."""
    group, catalogue = await read_rule(raw)
    if any(isinstance(leaf, SegmentCondition) for leaf in leaves(group)):
        stored = await stored_segments()
        start: tuple[str, ...] = ()
        if segment is not None:
            start = (str(segment.id),)
            stored[start[0]] = Stored(segment.name, rule_json(group))
        follow(group, catalogue, stored, start=start)
    return group, catalogue


async def _size(group: Group, catalogue: Catalogue) -> dict[str, Any]:
    """The size as far as it can be had quickly; a save does not fail for it."""
    try:
        return {"size": await count_members(group, catalogue, longest_ms=SIZE_MS), "sized_at": now()}
    except (Unavailable, InvalidInput):
        return {"size": None, "sized_at": None}


async def _check_free(name: str, mine: PydanticObjectId | None) -> None:
    """Asked before anything is generated; the unique index has the last word."""
    other = await collection("segments").find_one({"name_folded": fold(name)}, {"_id": 1})
    if other is not None and other["_id"] != mine:
        raise _taken(name)


def _name(raw: object) -> str:
    name = " ".join(clean_text("name", raw).split())
    if not name or not fold(name):
        raise InvalidInput.of("name", "is empty; give the segment a name")
    if len(name) > LONGEST_NAME:
        raise InvalidInput.of("name", f"has {len(name)} characters; at most {LONGEST_NAME} are possible")
    return name


def _source(raw: object) -> RuleSource:
    try:
        return RuleSource(raw)  # type: ignore[arg-type]  # whatever it is, the enum refuses what it does not know
    except ValueError as problem:
        raise InvalidInput.of("source", f"should be one of {', '.join(RuleSource)}") from problem


def _refers(raw: Any, key: str) -> bool:
    """Whether a stored rule mentions the segment."""
    if not isinstance(raw, dict):
        return False
    if raw.get("field") == "segment":
        return bool(raw.get("value") == key)
    return any(_refers(rule, key) for rule in raw.get("rules") or ())


def _taken(name: str) -> Conflict:
    message = f'another segment is called "{name}"; choose another name'
    return Conflict(f"name: {message}", errors=[FieldError("name", message)])


def _changed(segment: Segment) -> Conflict:
    return Conflict(f'"{segment.name}" was changed by somebody else meanwhile. Load it again and repeat your change.')
