"""Writing a segment and its revision, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from app.audit import note
from app.database import collection, in_transaction
from app.errors import InvalidInput, Unavailable
from app.segments.catalogue import forget_catalogue
from app.segments.catalogue.fields import Catalogue
from app.segments.growth.asking import ask_first_record
from app.segments.preview import count_members
from app.segments.rule.nodes import Group
from app.segments.saved.checks import changed_meanwhile, refers, require_no_circle, taken
from app.segments.saved.holds import take_turns
from app.segments.saved.revisions import keep_revision, revision_of
from models.member import Member
from models.segment import Segment
from models.values import now

SIZE_MS = 3_000
"""A save waits no longer than this for the new size."""


async def insert_segment(member: Member, segment: Segment, rule: Group, catalogue: Catalogue) -> Segment:
    """Write a new segment with its first revision. Raises Conflict for a taken name, RuleError for a circle."""

    async def write(session: AsyncClientSession) -> None:
        await _take_turns_for(rule, catalogue, None, session)
        await segment.insert(session=session)
        await keep_revision(revision_of(segment, member), session)
        await ask_first_record(segment.id, session)

    try:
        await in_transaction(write)
    except DuplicateKeyError as problem:
        raise taken(segment.name) from problem
    forget_catalogue()
    await note(member, "segment.create", id=segment.id, name=segment.name, after=_told(segment))
    return segment


async def swap_segment(
    member: Member,
    before: Segment,
    fields: Mapping[str, Any],
    *,
    rule: tuple[Group, Catalogue] | None = None,
    restored_from: int | None = None,
) -> Segment:
    """Write `fields` if nobody saved the segment since `before` was read, and the revision that this makes.

    `rule` is the rule among them as it was read, None when it stays. Raises Conflict for a newer version and a taken
    name, RuleError for a circle.
    """

    async def write(session: AsyncClientSession) -> Segment | None:
        if rule is not None:
            await _take_turns_for(*rule, before, session)
        row = await collection("segments").find_one_and_update(
            {"_id": before.id, "version": before.version},
            {"$set": {**fields, "updated_at": now()}, "$inc": {"version": 1}},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        if row is None:
            return None
        changed: Segment = Segment.model_validate(row)
        await keep_revision(revision_of(before), session, first=True)
        await keep_revision(revision_of(changed, member, restored_from=restored_from), session)
        return changed

    try:
        saved = await in_transaction(write)
    except DuplicateKeyError as problem:
        raise taken(str(fields.get("name", before.name))) from problem
    if saved is None:
        raise changed_meanwhile(before.name)
    forget_catalogue()
    action = "segment.update" if restored_from is None else "segment.restore"
    await note(member, action, id=saved.id, name=saved.name, before=_told(before), after=_told(saved))
    return saved


def _told(segment: Segment) -> dict[str, Any]:
    return {
        "name": segment.name,
        "rule": segment.sentence,
        "description": segment.description,
        "source": segment.source,
    }


async def size_of(group: Group, catalogue: Catalogue) -> dict[str, Any]:
    """The size as far as it can be had quickly; a save does not fail for it."""
    try:
        return {"size": await count_members(group, catalogue, longest_ms=SIZE_MS), "sized_at": now()}
    except (Unavailable, InvalidInput):
        return {"size": None, "sized_at": None}


async def _take_turns_for(
    rule: Group, catalogue: Catalogue, segment: Segment | None, session: AsyncClientSession
) -> None:
    if refers(rule):
        await take_turns(session)
        await require_no_circle(rule, catalogue, segment, session)
