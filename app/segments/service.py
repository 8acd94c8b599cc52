"""Segments: create, change, restore, delete, read. The page, the API and the command line all come through here."""

from __future__ import annotations

from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from app.audit import note
from app.auth.authorize import authorize
from app.database import collection, in_transaction
from app.errors import InvalidInput, NotFound
from app.segments.catalogue import forget_catalogue
from app.segments.catalogue.fields import Catalogue
from app.segments.contact import require_no_contact
from app.segments.growth.recording import forget
from app.segments.preview import count_members
from app.segments.rule.canonical import rule_json
from app.segments.rule.nodes import Group
from app.segments.saved import clean_text, descriptions, get_segment, list_segments
from app.segments.saved.checks import (
    LONGEST_NAME,
    changed_meanwhile,
    checked_name,
    checked_rule,
    checked_source,
    model_of,
    require_free,
)
from app.segments.saved.current import read_rule
from app.segments.saved.holds import require_unused, take_turns
from app.segments.saved.revisions import revision_as_saved
from app.segments.saved.saving import insert_segment, size_of, swap_segment
from app.segments.sentence import sentence
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
    "restore_segment",
    "update_segment",
]

CHANGEABLE = ("name", "rule", "description", "source", "prompt")


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
    await authorize(member, "segments.write")
    name = checked_name(name)
    written = clean_text("description", description)
    group, catalogue = await checked_rule(rule)
    require_no_contact(member, group)
    await require_free(name, None)
    text, author = await _description(written, name, group, catalogue, member)
    origin = checked_source(source)
    segment = Segment(
        name=name,
        name_folded=fold(name),
        description=text,
        description_source=author,
        rule=rule_json(group),
        sentence=sentence(group, catalogue),
        source=origin,
        model=model_of(origin),
        prompt=clean_text("prompt", prompt) or None,
        created_by=member.id,
        **await size_of(group, catalogue),
    )
    return await insert_segment(member, segment, group, catalogue)


async def update_segment(member: Member, segment_id: object, *, version: int | None = None, **changes: Any) -> Segment:
    """Change `name`, `rule`, `description`, `source` or `prompt`.

    `version` is the one the change was made on; a newer one in the database is a Conflict. A description that a person
    wrote stays; a generated one is generated again with a new rule, and an emptied one too. A rule that changes without
    a word on its source was changed by hand. Raises what `create_segment` raises, and NotFound.
    """
    await authorize(member, "segments.write")
    for key in changes:
        if key not in CHANGEABLE:
            raise InvalidInput.of(key, f"cannot be changed; these can: {', '.join(CHANGEABLE)}")
    segment = await get_segment(member, segment_id)
    if version is not None and version != segment.version:
        raise changed_meanwhile(segment.name)
    fields, rule = await _changed_fields(member, segment, changes)
    return await swap_segment(member, segment, fields, rule=rule)


async def restore_segment(member: Member, segment_id: object, *, revision: int, version: int | None = None) -> Segment:
    """Make the segment what it was at a revision: name, description, rule, source and prompt. It is a new revision.

    `version` is the one that was looked at; a newer one in the database is a Conflict, and so is a name that another
    segment has by now. Raises PermissionDenied, NotFound, and RuleError for a rule that asks about what is gone.
    """
    await authorize(member, "segments.write")
    segment = await get_segment(member, segment_id)
    if version is not None and version != segment.version:
        raise changed_meanwhile(segment.name)
    then = await revision_as_saved(segment, revision)
    group, catalogue = await checked_rule(then.rule, segment)
    await require_free(then.name, segment.id)
    fields = {
        "name": then.name,
        "name_folded": fold(then.name),
        "description": then.description,
        "description_source": then.description_source.value,
        "rule": rule_json(group),
        "sentence": sentence(group, catalogue),
        "source": then.source.value,
        "model": then.model,
        "prompt": then.prompt,
        **await size_of(group, catalogue),
    }
    return await swap_segment(member, segment, fields, rule=(group, catalogue), restored_from=revision)


async def delete_segment(member: Member, segment_id: object) -> None:
    """Remove a segment for good; its revisions stay in the database, out of everybody's sight.

    Raises NotFound, and Conflict naming a campaign that is not over yet, or another segment, that refers to it. No
    reference can appear between that check and the deletion.
    """
    await authorize(member, "segments.write")
    segment = await get_segment(member, segment_id)

    async def remove(session: AsyncClientSession) -> int:
        await take_turns(session)
        await require_unused(segment, session)
        return (await collection("segments").delete_one({"_id": segment.id}, session=session)).deleted_count

    if not await in_transaction(remove):
        raise NotFound("There is no segment with this id.")
    await forget(segment.id)
    forget_catalogue()
    before = {"name": segment.name, "rule": segment.sentence}
    await note(member, "segment.delete", id=segment.id, name=segment.name, before=before)


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
    await authorize(member, "segments.write")
    group, catalogue = await checked_rule(rule)
    require_no_contact(member, group)
    return await descriptions.generate(clean_text("name", name)[:LONGEST_NAME], group, catalogue, member)


async def _changed_fields(
    member: Member, segment: Segment, changes: dict[str, Any]
) -> tuple[dict[str, Any], tuple[Group, Catalogue] | None]:
    """What is written: the changes, checked, and what follows from them; and the rule as read, when it was given."""
    fields: dict[str, Any] = {}
    name = segment.name
    if "name" in changes:
        name = checked_name(changes["name"])
        await require_free(name, segment.id)
        fields |= {"name": name, "name_folded": fold(name)}
    if "source" in changes:
        fields |= _origin(segment, checked_source(changes["source"]))
    if "prompt" in changes:
        fields["prompt"] = clean_text("prompt", changes["prompt"]) or None
    written = clean_text("description", changes.get("description", segment.description))
    if "rule" not in changes and written:
        if written != segment.description:
            author = descriptions.written_by(written, segment.sentence)
            fields |= {"description": written, "description_source": author.value}
        return fields, None
    group, catalogue = await checked_rule(changes.get("rule", segment.rule), segment)
    if "rule" in changes:
        require_no_contact(member, group)
    stored = rule_json(group)
    if stored != segment.rule:
        fields = {**_origin(segment, RuleSource.HAND), "prompt": None, **fields}
    fields |= {"rule": stored, "sentence": sentence(group, catalogue), **await size_of(group, catalogue)}
    generated = segment.description_source is not DescriptionSource.PERSON and stored != segment.rule
    if written != segment.description or not written or generated:
        kept = "" if written == segment.description else written
        text, author = await _description(kept, name, group, catalogue, member)
        fields |= {"description": text, "description_source": author.value}
    return fields, (group, catalogue)


def _origin(segment: Segment, source: RuleSource) -> dict[str, Any]:
    """The source and its model; the model that was noted stays with a rule whose source stays."""
    kept = segment.model if source is segment.source and segment.model else model_of(source)
    return {"source": source.value, "model": kept}


async def _description(
    written: str, name: str, group: Group, catalogue: Catalogue, member: Member
) -> tuple[str, DescriptionSource]:
    if written:
        return written, descriptions.written_by(written, sentence(group, catalogue))
    return await descriptions.generate(name, group, catalogue, member)
