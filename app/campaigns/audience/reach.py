"""Who a campaign goes to: every customer of its segments once, without those of the excluded segments."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beanie import PydanticObjectId

from app.auth.permissions import require
from app.campaigns.audience.contact import judge, suppressed_words
from app.campaigns.audience.kinds import Kind, Way, kind_of
from app.channels.ways_out import check_available
from app.database import collection
from app.errors import InvalidInput
from app.segments.catalogue import load_catalogue
from app.segments.compile import compile_rule
from app.segments.rule import parse_rule
from models.campaign import Channel
from models.member import Member
from models.segment import Segment
from models.values import now

SUPPRESSIONS_AT_ONCE = 5_000
A_FEW = 100


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """How many a campaign would go to. `skipped` counts those who may not be contacted, by reason in words."""

    audience: int
    reachable: int
    skipped: Mapping[str, int]


async def segments_of(field: str, ids: Sequence[PydanticObjectId]) -> list[Segment]:
    """The segments with these ids, in this order. Raises InvalidInput naming `field` for one that does not exist."""
    found = {segment.id: segment for segment in await Segment.find({"_id": {"$in": list(ids)}}).to_list()}
    for id in ids:
        if id not in found:
            raise InvalidInput.of(field, f"there is no segment {id}")
    return [found[id] for id in ids]


async def audience_filter(
    segment_ids: Sequence[PydanticObjectId], exclude_segment_ids: Sequence[PydanticObjectId]
) -> dict[str, Any]:
    """One filter on `customers` for the union of the segments minus the excluded ones, as of now.

    One filter, so that MongoDB yields everybody once. Raises InvalidInput and RuleError.
    """
    catalogue = await load_catalogue()
    moment = now()

    async def filters(field: str, ids: Sequence[PydanticObjectId]) -> list[dict[str, Any]]:
        segments = await segments_of(field, ids)
        return [await compile_rule(parse_rule(one.rule, catalogue), catalogue, now=moment) for one in segments]

    chosen = await filters("segment_ids", segment_ids)
    if not chosen:
        raise InvalidInput.of("segment_ids", "choose at least one segment to send to")
    left_out = await filters("exclude_segment_ids", exclude_segment_ids)
    union = chosen[0] if len(chosen) == 1 else {"$or": chosen}
    return {"$and": [union, {"$nor": left_out}]} if left_out else union


async def estimate(
    member: Member,
    segment_ids: Sequence[PydanticObjectId | str],
    exclude_segment_ids: Sequence[PydanticObjectId | str] = (),
    channel: Channel | str = Channel.EMAIL,
) -> Estimate:
    """How many people a campaign would go to now, and how many of them can be reached. No segments: nobody.

    Raises InvalidInput for an unknown segment or channel.
    """
    require(member, "campaigns.read")
    kind = kind_of(_channel(channel))
    check_available(kind.channel)
    chosen = object_ids("segment_ids", segment_ids)
    if not chosen:
        return Estimate(audience=0, reachable=0, skipped={})
    audience = await audience_filter(chosen, object_ids("exclude_segment_ids", exclude_segment_ids))
    customers = collection("customers")
    total = await customers.count_documents(audience)
    with_address = {"$and": [audience, _any([way.present() for way in kind.ways])]}
    addressed = await customers.count_documents(with_address)
    by_reason, agreed_but_suppressed = await _suppressed(audience, kind)
    agreed = {"$and": [audience, _any([_agreed(way) for way in kind.ways])]}
    reachable = await customers.count_documents(agreed) - agreed_but_suppressed
    skipped = {kind.no_address: total - addressed, **by_reason}
    skipped[kind.no_consent] = total - reachable - sum(skipped.values())
    return Estimate(audience=total, reachable=reachable, skipped={why: n for why, n in skipped.items() if n})


async def is_reachable(
    segment_ids: Sequence[PydanticObjectId], exclude_segment_ids: Sequence[PydanticObjectId], channel: Channel
) -> bool:
    """Whether one of a hundred people of the audience who agreed can be reached; False says nothing of the others.

    A few milliseconds, however large the audience. Raises InvalidInput for a segment that is gone.
    """
    kind = kind_of(channel)
    audience = await audience_filter(segment_ids, exclude_segment_ids)
    agreed = {"$and": [audience, _any([_agreed(way) for way in kind.ways])]}
    found = await collection("customers").find(agreed, {"_id": 1}).limit(A_FEW).to_list()
    return any(verdict.state is None for verdict in await judge([row["_id"] for row in found], channel))


async def reachable_people(
    segment_ids: Sequence[PydanticObjectId], exclude_segment_ids: Sequence[PydanticObjectId], channel: Channel
) -> int:
    """How many people of the audience can be reached now. Raises InvalidInput for a segment that is gone."""
    kind = kind_of(channel)
    audience = await audience_filter(segment_ids, exclude_segment_ids)
    _, agreed_but_suppressed = await _suppressed(audience, kind)
    agreed = {"$and": [audience, _any([_agreed(way) for way in kind.ways])]}
    return await collection("customers").count_documents(agreed) - agreed_but_suppressed


def _channel(channel: Channel | str) -> Channel:
    try:
        return Channel(channel)
    except ValueError:
        raise InvalidInput.of("channel", f"should be one of {', '.join(Channel)}") from None


def _agreed(way: Way) -> dict[str, Any]:
    return {**way.present(), way.consent: True}


def _any(filters: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return filters[0] if len(filters) == 1 else {"$or": list(filters)}


def _reached_by(kind: Kind, number: int) -> dict[str, Any]:
    """The filter for whom `Kind.way_to` reaches by this way: the first agreed to, else the first there is."""
    way, before = kind.ways[number], kind.ways[:number]
    if len(kind.ways) == 1:
        return way.present()
    nobody_agreed = {"$nor": [_agreed(one) for one in kind.ways]}
    first_agreed = {"$and": [_agreed(way), *({"$nor": [_agreed(one)]} for one in before)]}
    first_there = {"$and": [way.present(), nobody_agreed, *({"$nor": [one.present()]} for one in before)]}
    return {"$or": [first_agreed, first_there]}


async def _suppressed(audience: Mapping[str, Any], kind: Kind) -> tuple[dict[str, int], int]:
    """How many of the audience are suppressed, by reason in words, and how many of those agreed to be contacted."""
    by_reason: dict[str, int] = {}
    agreed = 0
    for number, way in enumerate(kind.ways):
        reached = {"$and": [audience, _reached_by(kind, number)]}
        folded = f"folded.{way.field}"
        async for batch in _suppressions(way.suppression):
            mine = {"$and": [reached, {folded: {"$in": list(batch)}}]}
            async for row in collection("customers").find(mine, {folded: 1, way.consent: 1}):
                words = suppressed_words(batch[row["folded"][way.field]], way.suppression)
                by_reason[words] = by_reason.get(words, 0) + 1
                agreed += bool(row.get(way.consent))
    return by_reason, agreed


async def _suppressions(channel: str) -> AsyncIterator[dict[str, str]]:
    """The do-not-contact list of a channel: reasons by folded address, 5,000 at a time."""
    batch: dict[str, str] = {}
    async for row in collection("suppressions").find({"channel": channel}, {"address": 1, "reason": 1}):
        batch[row["address"]] = row["reason"]
        if len(batch) >= SUPPRESSIONS_AT_ONCE:
            yield batch
            batch = {}
    if batch:
        yield batch


def object_ids(field: str, values: Sequence[PydanticObjectId | str]) -> list[PydanticObjectId]:
    """Ids as given by a person or a program, each once, in this order. Raises InvalidInput naming `field`."""
    ids: dict[PydanticObjectId, None] = {}
    for value in values:
        if not PydanticObjectId.is_valid(value):
            raise InvalidInput.of(field, f"{str(value)[:40]!r} is not the id of a segment")
        ids[PydanticObjectId(value)] = None
    return list(ids)
