"""The revisions of a segment: what it was after every save, by whom and how it came about.

They are only ever added. A segment saved by a version of Cohort that kept none gets its first when its history is first
looked at or changed. They stay when the segment is deleted, because what a campaign was once sent to has to remain
known; nobody but the database's owner reaches them then.
"""

from __future__ import annotations

from dataclasses import dataclass

from pymongo import DESCENDING
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from app.database import collection
from app.errors import NotFound, RuleError
from app.paging import Sort, check_limit, cursor_after, rows_after
from app.segments.catalogue import load_catalogue
from app.segments.catalogue.fields import Catalogue
from app.segments.contact import saved_shown
from app.segments.rule.parse import parse_rule
from app.segments.saved import get_segment
from app.segments.sentence.difference import Change, difference
from models.member import Member
from models.segment import Segment
from models.segment_revision import SegmentRevision

NEWEST = Sort("number", (("number", DESCENDING), ("_id", DESCENDING)))


@dataclass(frozen=True, kw_only=True)
class Step:
    """A revision beside the one before it. `changes` is None for the first and where a rule can no longer be read."""

    revision: SegmentRevision
    changes: tuple[Change, ...] | None
    renamed_from: str | None = None
    described_anew: bool = False


async def list_revisions(
    member: Member, segment_id: object, *, limit: int = 50, cursor: str | None = None
) -> tuple[list[Step], str | None]:
    """The revisions, newest first, each with what it changed, and the cursor of the next page, if there is one.

    Raises NotFound for an unknown segment and InvalidInput for a wrong limit (1 to 200) or cursor.
    """
    segment = await get_segment(member, segment_id)
    check_limit(limit)
    await keep_revision(revision_of(segment), None, first=True)
    wanted = {"segment_id": segment.id}
    query = {"$and": [wanted, rows_after(cursor, NEWEST)]} if cursor else wanted
    # One more than the page, as the last on it is told by what changed since the one before.
    rows = await collection("segment_revisions").find(query).sort(list(NEWEST.keys)).limit(limit + 1).to_list()
    following = cursor_after(rows[limit - 1], NEWEST) if len(rows) > limit else None
    found = [await saved_shown(member, SegmentRevision.model_validate(row)) for row in rows]
    catalogue = await load_catalogue()
    pairs = zip(found[:limit], [*found[1:], None], strict=False)
    return [_step(one, before, catalogue, member.locale) for one, before in pairs], following


async def get_revision(member: Member, segment_id: object, number: int) -> Step:
    """One revision by its number. Raises NotFound."""
    segment = await get_segment(member, segment_id)
    found = [await saved_shown(member, one) for one in await _two(segment, number)]
    return _step(found[0], found[1] if len(found) > 1 else None, await load_catalogue(), member.locale)


async def revision_as_saved(segment: Segment, number: int) -> SegmentRevision:
    """What the segment was at a revision, for bringing it back. Raises NotFound."""
    return (await _two(segment, number))[0]


async def _two(segment: Segment, number: int) -> list[SegmentRevision]:
    """The revision of this number and, unless it is the first, the one before."""
    number = max(number, 0)
    await keep_revision(revision_of(segment), None, first=True)
    upto = {"segment_id": segment.id, "number": {"$lte": min(number, segment.version)}}
    rows = await collection("segment_revisions").find(upto).sort("number", DESCENDING).limit(2).to_list()
    found = [SegmentRevision.model_validate(row) for row in rows]
    if not found or found[0].number != number:
        raise NotFound(f'There is no revision {number} of "{segment.name}".')
    return found


def revision_of(segment: Segment, member: Member | None = None, *, restored_from: int | None = None) -> SegmentRevision:
    """What the segment is now, as a revision. Without a member: of a save that was not recorded when it was made."""
    assert segment.id is not None
    return SegmentRevision(
        segment_id=segment.id,
        number=segment.version,
        saved_at=segment.updated_at,
        saved_by=member.id if member else segment.created_by,
        saved_by_name=member.name or member.email if member else "",
        name=segment.name,
        description=segment.description,
        description_source=segment.description_source,
        rule=segment.rule,
        sentence=segment.sentence,
        source=segment.source,
        model=segment.model,
        prompt=segment.prompt,
        size=segment.size,
        restored_from=restored_from,
    )


async def keep_revision(revision: SegmentRevision, session: AsyncClientSession | None, *, first: bool = False) -> None:
    """Write a revision. With `first`, only when there is none of this number yet."""
    place = {"segment_id": revision.segment_id, "number": revision.number}
    if first and await collection("segment_revisions").find_one(place, {"_id": 1}, session=session) is not None:
        return
    try:
        await revision.insert(session=session)
    except DuplicateKeyError:
        # Two readers of a history that had none: the other one wrote the very same.
        if not first or session is not None:
            raise


def _step(one: SegmentRevision, before: SegmentRevision | None, catalogue: Catalogue, locale: str) -> Step:
    if before is None:
        return Step(revision=one, changes=None)
    try:
        rules = parse_rule(before.rule, catalogue), parse_rule(one.rule, catalogue)
        changes: tuple[Change, ...] | None = difference(*rules, catalogue, locale=locale)
    except RuleError:
        # A campaign, segment or attribute that one of them asks about is gone: the sentences of then still tell.
        changes = None if before.rule != one.rule else ()
        if changes is None and before.sentence != one.sentence:
            changes = (Change(kind="changed", before=before.sentence, after=one.sentence),)
    return Step(
        revision=one,
        changes=changes,
        renamed_from=before.name if before.name != one.name else None,
        described_anew=before.description != one.description,
    )
