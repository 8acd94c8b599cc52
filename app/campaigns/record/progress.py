"""Where a campaign stands: counts that add up at every read, rate, time left, the last deliveries, hints to pages."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId

from app.campaigns.record import signals
from app.database import collection
from app.errors import NotFound
from models.campaign import Campaign, CampaignState
from models.campaign_approval import Approval
from models.chunk import ChunkState, Received
from models.delivery import Delivery
from models.delivery import DeliveryState as State
from models.values import now

RATE_SECONDS = 5.0
HINTS_PER_SECOND = 4
RECEIVED = tuple(Received.model_fields)
"""What receipts may say; chunks count it (`app.receipts.counting`), because a million deliveries take too long."""

TAIL_STATES = (State.SENT, State.FAILED, State.DEFERRED, State.UNKNOWN, State.SUPPRESSED, State.SKIPPED, State.HELD_OUT)


@dataclass(frozen=True, kw_only=True)
class Counts:
    """People, by what became of their message: audience = pending + sent + failed + skipped + held_out + unknown.

    `sent` includes what was later `delivered`, `bounced` or `complained`; `skipped` includes suppressed and cancelled.
    """

    audience: int = 0
    pending: int = 0
    sent: int = 0
    delivered: int = 0
    failed: int = 0
    skipped: int = 0
    held_out: int = 0
    unknown: int = 0
    bounced: int = 0
    complained: int = 0
    opened: int = 0
    clicked: int = 0
    unsubscribed: int = 0

    def as_dict(self) -> dict[str, int]:
        """The counts by name, in the order of the API."""
        return asdict(self)

    @property
    def adds_up(self) -> bool:
        """The identity that holds at every read."""
        return self.audience == self.pending + self.sent + self.failed + self.skipped + self.held_out + self.unknown


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A campaign at one moment. `rate_per_second` counts people dealt with over about five seconds; `seconds_left` is
    None while that is not known.
    """

    campaign_id: PydanticObjectId
    state: CampaignState
    counts: Counts
    rate_per_second: float
    seconds_left: float | None
    waiting_reason: str | None
    pause_reason: str | None
    at: datetime
    approval: Approval | None = None


async def counts_of(campaign: Campaign) -> Counts:
    """The counts of one campaign, summed over its chunks: about 10 ms for a million people."""
    assert campaign.id is not None
    return (await counts_of_many([campaign]))[campaign.id]


async def counts_of_many(campaigns: Iterable[Campaign]) -> dict[PydanticObjectId, Counts]:
    """The counts of several campaigns, by id, in a constant number of queries."""
    known = {campaign.id: campaign for campaign in campaigns if campaign.id is not None}
    frozen = [id for id, campaign in known.items() if campaign.audience is not None]
    if not frozen:
        return dict.fromkeys(known, Counts())
    sums = {row["_id"]: row async for row in await collection("chunks").aggregate(_chunk_sums(frozen))}
    later = await _later(frozen)
    return {id: _counts(campaign, sums.get(id, {}), later.get(id, {})) for id, campaign in known.items()}


async def snapshot(campaign_id: PydanticObjectId | str) -> Snapshot:
    """The campaign as it is now. Raises NotFound."""
    campaign = await Campaign.get(campaign_id) if ObjectId.is_valid(campaign_id) else None
    if campaign is None or campaign.id is None:
        raise NotFound("This campaign does not exist.")
    counts = await counts_of(campaign)
    moving = campaign.state in (CampaignState.RUNNING, CampaignState.FINISHING)
    rate = _rates.rate(campaign.id, counts.audience - counts.pending) if moving else 0.0
    return Snapshot(
        campaign_id=campaign.id,
        state=campaign.state,
        counts=counts,
        rate_per_second=rate,
        seconds_left=_seconds_left(campaign, counts.pending, rate) if moving else None,
        waiting_reason=campaign.waiting_reason,
        pause_reason=campaign.pause_reason,
        at=now(),
        approval=campaign.approval,
    )


def _seconds_left(campaign: Campaign, pending: int, rate: float) -> float | None:
    """By the rate of these seconds, and no sooner than the campaign's own limits let it be."""
    # Here, because the limits tell open pages through this module when they are used up.
    from app.campaigns.pacing.limits import least_seconds

    least = least_seconds(dict(campaign), pending)
    if rate > 0:
        return max(pending / rate, least)
    return least if campaign.waiting_reason and campaign.waiting_until else None


async def tail(campaign_id: PydanticObjectId | str, limit: int = 20) -> list[Delivery]:
    """The latest deliveries of a campaign, newest first. One indexed read per state, a millisecond each."""
    id = PydanticObjectId(campaign_id)

    async def latest(state: State) -> list[Delivery]:
        found = Delivery.find({"campaign_id": id, "state": state}).sort("-updated_at")
        return await found.limit(limit).to_list()

    pages = await asyncio.gather(*(latest(state) for state in TAIL_STATES))
    return sorted((row for page in pages for row in page), key=lambda row: row.updated_at, reverse=True)[:limit]


async def publish_hint(campaign_id: ObjectId, *, at_once: bool = False) -> None:
    """Tell the web processes that this campaign moved, at most four times a second and never forgetting the last.

    `at_once` is for changes of state, which the workers are told too. Says nothing about what changed: who listens
    reads the snapshot.
    """
    if at_once:
        await signals.publish(signals.STATE, str(campaign_id))
    wait = 0.0 if at_once else _hints.wait(str(campaign_id))
    if wait == 0.0:
        await signals.publish(signals.PROGRESS, str(campaign_id))
    elif wait > 0:
        loop = asyncio.get_running_loop()
        loop.call_later(wait, _hints.say_later, loop, campaign_id)


def _chunk_sums(ids: list[PydanticObjectId]) -> list[dict[str, Any]]:
    outcomes = ("sent", "failed", "skipped", "held_out", "unknown")
    done = {"$add": [{"$ifNull": [f"$tally.{name}", 0]} for name in outcomes]}
    held = {"$cond": [{"$eq": ["$state", ChunkState.LEASED]}, {"$subtract": ["$size", done]}, 0]}
    return [
        {"$match": {"campaign_id": {"$in": ids}}},
        {"$project": {"campaign_id": 1, "size": 1, "state": 1, "tally": 1, "receipts": 1}},
        {
            "$group": {
                "_id": "$campaign_id",
                "size": {"$sum": "$size"},
                "in_hand": {"$sum": held},
                **{name: {"$sum": f"$tally.{name}"} for name in outcomes},
                **{name: {"$sum": f"$receipts.{name}"} for name in RECEIVED},
            }
        },
    ]


async def _later(ids: list[PydanticObjectId]) -> dict[ObjectId, dict[str, int]]:
    """Who left because of these campaigns, from the suppressions."""
    found: dict[ObjectId, dict[str, int]] = {id: {} for id in ids}
    left = await collection("suppressions").aggregate(
        [
            {"$match": {"campaign_id": {"$in": ids}, "reason": "unsubscribed"}},
            {"$group": {"_id": "$campaign_id", "count": {"$sum": 1}}},
        ]
    )
    async for row in left:
        found[row["_id"]]["unsubscribed"] = row["count"]
    return found


def _counts(campaign: Campaign, sums: dict[str, Any], later: dict[str, int]) -> Counts:
    size = sums.get("size", 0)
    outcomes = {name: sums.get(name, 0) for name in ("sent", "failed", "skipped", "held_out", "unknown")}
    pending = size - sum(outcomes.values())
    if campaign.state is CampaignState.CANCELLED:
        # Nobody will write to them any more, except what a worker holds at this moment.
        in_hand = min(sums.get("in_hand", 0), pending)
        outcomes["skipped"] += pending - in_hand
        pending = in_hand
    return Counts(
        audience=size,
        pending=pending,
        **outcomes,
        **{name: sums.get(name, 0) for name in RECEIVED},
        unsubscribed=later.get("unsubscribed", 0),
    )


class _Rates:
    """How fast each campaign moves, from the samples this process has seen lately."""

    def __init__(self) -> None:
        self._samples: dict[ObjectId, deque[tuple[float, int]]] = {}

    def rate(self, id: ObjectId, done: int) -> float:
        moment = time.monotonic()
        samples = self._samples.setdefault(id, deque(maxlen=200))
        if samples and done < samples[-1][1]:
            samples.clear()
        samples.append((moment, done))
        while len(samples) > 2 and moment - samples[1][0] >= RATE_SECONDS:
            samples.popleft()
        if len(self._samples) > 1_000:
            self._samples.pop(next(iter(self._samples)))
        elapsed = moment - samples[0][0]
        if moment - samples[0][0] > 4 * RATE_SECONDS:
            samples.popleft()
        return (done - samples[0][1]) / elapsed if elapsed >= 0.2 else 0.0


class _Hints:
    """Spaces the hints of each campaign; one that comes too early is said when its time has come."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}
        self._due: set[str] = set()

    def wait(self, id: str) -> float:
        """0 to say it now, the seconds to say it later, or -1 when it will be said anyway."""
        if id in self._due:
            return -1
        moment = time.monotonic()
        if self._next.get(id, 0) <= moment:
            self._next[id] = moment + 1 / HINTS_PER_SECOND
            return 0.0
        self._due.add(id)
        return self._next[id] - moment

    def say_later(self, loop: asyncio.AbstractEventLoop, campaign_id: ObjectId) -> None:
        self._due.discard(str(campaign_id))
        task = loop.create_task(publish_hint(campaign_id))
        _background.add(task)
        task.add_done_callback(_background.discard)


_rates = _Rates()
_hints = _Hints()
_background: set[asyncio.Task[None]] = set()
