"""Who a campaign goes to: every customer of its segments once, without those of the excluded segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beanie import PydanticObjectId

from app.auth.permissions import require
from app.campaigns.contact import NO_ADDRESS, NO_CONSENT, SUPPRESSED
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
    check_available(Channel(channel))
    chosen = object_ids("segment_ids", segment_ids)
    if not chosen:
        return Estimate(audience=0, reachable=0, skipped={})
    audience = await audience_filter(chosen, object_ids("exclude_segment_ids", exclude_segment_ids))
    customers = collection("customers")
    total = await customers.count_documents(audience)
    with_address = {"$and": [audience, {"email": {"$nin": [None, ""]}}]}
    addressed = await customers.count_documents(with_address)
    by_reason, opted_in_but_suppressed = await _suppressed(with_address)
    consenting = await customers.count_documents({"$and": [*with_address["$and"], {"email_opt_in": True}]})
    reachable = consenting - opted_in_but_suppressed
    skipped = {NO_ADDRESS: total - addressed, **by_reason}
    skipped[NO_CONSENT] = total - reachable - sum(skipped.values())
    return Estimate(audience=total, reachable=reachable, skipped={why: n for why, n in skipped.items() if n})


async def _suppressed(audience: Mapping[str, Any]) -> tuple[dict[str, int], int]:
    """How many of the audience are suppressed, by reason in words, and how many of those agreed to email."""
    by_reason: dict[str, int] = {}
    agreed = 0
    batch: dict[str, str] = {}

    async def count() -> None:
        nonlocal agreed
        if not batch:
            return
        mine = {"$and": [audience, {"folded.email": {"$in": list(batch)}}]}
        async for row in collection("customers").find(mine, {"folded.email": 1, "email_opt_in": 1}):
            words = SUPPRESSED.get(batch[row["folded"]["email"]], batch[row["folded"]["email"]])
            by_reason[words] = by_reason.get(words, 0) + 1
            agreed += bool(row.get("email_opt_in"))
        batch.clear()

    async for row in collection("suppressions").find({"channel": "email"}, {"address": 1, "reason": 1}):
        batch[row["address"]] = row["reason"]
        if len(batch) >= SUPPRESSIONS_AT_ONCE:
            await count()
    await count()
    return by_reason, agreed


def object_ids(field: str, values: Sequence[PydanticObjectId | str]) -> list[PydanticObjectId]:
    """Ids as given by a person or a program, each once, in this order. Raises InvalidInput naming `field`."""
    ids: dict[PydanticObjectId, None] = {}
    for value in values:
        if not PydanticObjectId.is_valid(value):
            raise InvalidInput.of(field, f"{str(value)[:40]!r} is not the id of a segment")
        ids[PydanticObjectId(value)] = None
    return list(ids)
