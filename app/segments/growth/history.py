"""A segment over time as people ask for it: its records, what changed since a day, who was in it on a day."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.auth.permissions import require
from app.customers.masking import sees_contact, shown_to
from app.database import collection
from app.errors import InvalidInput, NotFound
from app.paging import check_limit
from app.segments.catalogue import load_catalogue
from app.segments.growth import bits
from app.segments.growth.causes import in_words
from app.segments.growth.editors import rule_changes
from app.segments.growth.moves import Moved, change, net, read
from app.segments.growth.recording import BITS, RECORDS, STATES
from app.segments.growth.roster import ids_of
from app.segments.saved import get_segment
from app.settings import get_settings
from models.customer import Customer
from models.member import Member
from models.segment import Segment
from models.segment_record import SegmentRecord

MOST_RECORDS = 2_000
"""More than thirty years of weekly records."""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One reason, with how many it moved."""

    text: str
    joined: int
    left: int


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What recording takes: the last record's time, its moves, all moves, and what is kept to tell the next change."""

    took_ms: int
    last_bytes: int
    records_bytes: int
    state_bytes: int


@dataclass(frozen=True, kw_only=True)
class Growth:
    """`since` is the record compared with: its size + `joined` - `left` is the size of the last. Causes add up to them.

    Without records all of it is empty. `waiting` says that somebody asked for a record which is not made yet, `problem`
    why the last could not be made.
    """

    segment: Segment
    records: Sequence[SegmentRecord]
    since: SegmentRecord | None
    joined: int
    left: int
    causes: tuple[Cause, ...]
    cost: Cost
    waiting: bool
    problem: str | None


@dataclass(frozen=True, kw_only=True)
class Mover:
    """A customer who joined or left, and why; None when the customer is deleted."""

    number: int
    customer: Customer | None
    why: str


@dataclass(frozen=True, kw_only=True)
class Past:
    """Who was in a segment at a record. Deleted customers are not listed but counted, as of the last record."""

    record: SegmentRecord
    people: list[Customer]
    deleted: int
    next_cursor: str | None


async def growth(member: Member, segment_id: object, *, since: date | None = None) -> Growth:
    """The records of a segment and what changed between the one that speaks for `since` and the last.

    A day is spoken for by its first record, else by the last one before it, else by the first there is. Without `since`
    the comparison is with the first record. Raises NotFound.
    """
    require(member, "segments.read")
    segment = await get_segment(member, segment_id)
    state = await collection(STATES).find_one({"_id": segment.id}) or {}
    records = await _records(segment)
    base = _speaks_for(records, since) if records else None
    moves = await _net_since(segment, state, base) if base is not None else []
    return Growth(
        segment=segment,
        records=records,
        since=base,
        joined=sum(move.who.bit_count() for move in moves if move.joined),
        left=sum(move.who.bit_count() for move in moves if not move.joined),
        causes=await _causes(segment, moves, member),
        cost=Cost(
            took_ms=records[-1].took_ms if records else 0,
            last_bytes=records[-1].bytes if records else 0,
            records_bytes=sum(record.bytes for record in records),
            state_bytes=state.get("bytes", 0),
        ),
        waiting=bool(state.get("asked")),
        problem=state.get("problem"),
    )


async def movers(
    member: Member, segment_id: object, *, since: date | None, joined: bool, offset: int = 0, limit: int = 25
) -> tuple[list[Mover], int]:
    """Some of the customers who joined (or left) since the record that speaks for that day, and how many there are."""
    require(member, "customers.read")
    segment = await get_segment(member, segment_id)
    check_limit(limit)
    state = await collection(STATES).find_one({"_id": segment.id}) or {}
    records = await _records(segment)
    if not records:
        return [], 0
    moves = [move for move in await _net_since(segment, state, _speaks_for(records, since)) if move.joined == joined]
    numbers = await asyncio.to_thread(bits.positions, change(moves))
    page = numbers[max(offset, 0) : max(offset, 0) + limit]
    people = await _customers(member, page)
    words = await _words(segment, member)
    return [
        Mover(
            number=number,
            customer=people.get(number),
            why=next(words(move.cause) for move in moves if move.who >> number & 1),
        )
        for number in page
    ], len(numbers)


async def members_at(
    member: Member, segment_id: object, day: date, *, limit: int = 50, cursor: str | None = None
) -> Past:
    """Who was in the segment at the record that speaks for a day, page by page in the order of their numbers.

    Raises NotFound when there is no segment or no record up to that day, and InvalidInput for a wrong cursor.
    """
    require(member, "customers.read")
    segment = await get_segment(member, segment_id)
    check_limit(limit)
    records = await _records(segment)
    zone = get_settings().zone
    if not records or day < records[0].at.astimezone(zone).date():
        raise NotFound("Nothing was recorded of this segment by that day.")
    state = await collection(STATES).find_one({"_id": segment.id}) or {}
    base = _speaks_for(records, day)
    latest, alive = await _bits(state, "members"), await _bits(state, "alive")
    inside = await asyncio.to_thread(_members_then, latest, await _moves_after(segment, base))
    numbers = await asyncio.to_thread(bits.positions, inside & alive)
    start = _start(cursor, numbers)
    page = numbers[start : start + limit]
    people = await _customers(member, page)
    more = start + limit < len(numbers)
    return Past(
        record=base,
        people=[people[number] for number in page if number in people],
        deleted=inside.bit_count() - len(numbers),
        next_cursor=str(page[-1]) if more else None,
    )


def _speaks_for(records: Sequence[SegmentRecord], day: date | None) -> SegmentRecord:
    if day is None:
        return records[0]
    zone = get_settings().zone
    days = [record.at.astimezone(zone).date() for record in records]
    if day in days:
        return records[days.index(day)]
    before = [record for record, on in zip(records, days, strict=True) if on < day]
    return before[-1] if before else records[0]


async def _records(segment: Segment) -> list[SegmentRecord]:
    """Without the moves, oldest first."""
    found = collection(RECORDS).find({"segment_id": segment.id}, {"moves": 0}).sort("at", -1).limit(MOST_RECORDS)
    return [SegmentRecord.model_validate(row) for row in reversed(await found.to_list())]


async def _moves_after(segment: Segment, base: SegmentRecord) -> list[list[Moved]]:
    """The moves of every record after this one, newest first."""
    rows = collection(RECORDS).find({"segment_id": segment.id, "at": {"$gt": base.at}}, {"moves": 1}).sort("at", -1)
    return [await asyncio.to_thread(read, row["moves"]) async for row in rows]


async def _net_since(segment: Segment, state: Mapping[str, Any], base: SegmentRecord) -> list[Moved]:
    latest = await _bits(state, "members")
    records = await _moves_after(segment, base)
    return await asyncio.to_thread(lambda: net(records, _members_then(latest, records), latest))


def _members_then(latest: int, records: Sequence[Sequence[Moved]]) -> int:
    for moves in records:
        latest ^= change(moves)
    return latest


async def _bits(state: Mapping[str, Any], part: str) -> int:
    row = await collection(BITS).find_one({"_id": f"{state.get('_id')}:{state.get('generation')}:{part}"})
    if row is None:
        raise NotFound("A newer record took the place of this one meanwhile. Load it again.")
    return await asyncio.to_thread(bits.unpack, row["data"])


async def _causes(segment: Segment, moves: Sequence[Moved], member: Member) -> tuple[Cause, ...]:
    """By words, the greatest first: two conditions that read alike are one reason."""
    words = await _words(segment, member)
    found: dict[str, list[int]] = {}
    for move in moves:
        both = found.setdefault(words(move.cause), [0, 0])
        both[0 if move.joined else 1] += move.who.bit_count()
    causes = (Cause(text=text, joined=joined, left=left) for text, (joined, left) in found.items())
    return tuple(sorted(causes, key=lambda cause: (-cause.joined - cause.left, cause.text)))


async def _words(segment: Segment, member: Member) -> Any:
    catalogue = await load_catalogue()
    changes = await rule_changes(segment, member)
    conceals = not sees_contact(member)
    return lambda cause: in_words(cause, catalogue, changes=changes, locale=member.locale, conceals=conceals)


async def _customers(member: Member, numbers: Sequence[int]) -> dict[int, Customer]:
    """The customers with these numbers who are still there."""
    if not numbers:
        return {}
    ids = await ids_of(numbers)
    rows = collection("customers").find({"_id": {"$in": list(ids)}})
    return {ids[row["_id"]]: shown_to(member, Customer.model_validate(row)) async for row in rows}


def _start(cursor: str | None, numbers: Sequence[int]) -> int:
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 12:
        raise InvalidInput.of("cursor", "is not a cursor of this list; leave it out for the first page")
    after = int(cursor)
    return sum(1 for number in numbers if number <= after)
