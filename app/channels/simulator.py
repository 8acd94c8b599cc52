"""A vendor that only pretends: messages go nowhere, and its faults are those of `models.campaign_plan.Simulation`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from pymongo.errors import PyMongoError

from app.campaigns.sending.ledger import insist
from app.channels.base import Message, Outcome, Result
from app.channels.simulator_fates import UNCLEAR, Fate, fate_of
from app.channels.simulator_outage import Outage
from app.database import collection
from app.receipts.service import store
from models.campaign_plan import Simulation
from models.delivery import DeliveryState as State
from models.values import now

SERVER = "simulator"
AT_ONCE = 16
"""As many as real vendors get at the same time: fewer would take no less time."""

TAKEN = Outcome(result=Result.ACCEPTED, server=SERVER)
DOUBTFUL = Outcome(result=Result.AMBIGUOUS, words=UNCLEAR, server=SERVER)

log = structlog.get_logger(__name__)


class SimulatorChannel:
    """Takes a campaign's messages, refuses those whose fate it is, and leaves the receipts of the others to come.

    The same seed has the same faults for the same customers, in each campaign, process and try. Nothing leaves the
    machine, and no address is ever called wrong: what a made-up vendor says must not end contact with real people.

    `offer` is called before a message is handed over, False withdraws it; `accepted` when it is taken.
    """

    at_once = AT_ONCE

    def __init__(
        self,
        campaign: Mapping[str, Any],
        *,
        accepted: Callable[[str], None] | None = None,
        offer: Callable[[str], bool] | None = None,
    ) -> None:
        self._simulation = Simulation.model_validate(campaign.get("simulation") or {}, from_attributes=True)
        self._outage = Outage(self._simulation, str(campaign.get("_id", "trial")))
        self._accepted = accepted
        self._offer = offer

    @property
    def notes_offers(self) -> bool:
        """Whether this channel says itself of each message when it is handed over."""
        return self._offer is not None

    async def ready(self) -> None:
        """Return while the vendor can be reached. Raises Unreachable during its outage."""
        await self._outage.check()

    async def send(self, batch: Sequence[Message]) -> list[Outcome]:
        """Answer each message as its fate has it, after `slow_ms`. One write keeps the receipts that will come."""
        outcomes = [Outcome(result=Result.UNTOUCHED, words=self._outage.words)] * len(batch)
        taken: list[int] = []
        for place in range(await self._outage.room(len(batch))):
            if self._offer is None or self._offer(batch[place].id):
                taken.append(place)
            else:
                outcomes[place] = Outcome(result=Result.UNTOUCHED)
        if taken and self._simulation.slow_ms:
            await asyncio.sleep(self._simulation.slow_ms / 1000)
        fates = {place: fate_of(self._simulation, _person(batch[place])) for place in taken}
        before = await _tries_before([batch[place].id for place in taken if fates[place].later or fates[place].unclear])
        for place in taken:
            outcomes[place] = _answer(fates[place], before.get(batch[place].id, 0))
        accepted = [place for place in taken if outcomes[place] is TAKEN]
        arrived = [place for place in taken if outcomes[place] is DOUBTFUL and fates[place].arrived]
        await self._keep_receipts([(batch[place].id, fates[place]) for place in (*accepted, *arrived)])
        if self._accepted is not None:
            for place in accepted:
                self._accepted(batch[place].id)
        return outcomes

    async def close(self) -> None:
        """Nothing is held open."""

    async def _keep_receipts(self, fates: Sequence[tuple[str, Fate]]) -> None:
        rows = list(receipt_rows(fates, now()))

        async def keep() -> None:
            await store(rows)

        try:
            await insist(keep)
        except PyMongoError as problem:
            log.warning("simulated receipts lost", count=len(rows), problem=str(problem)[:200])


def receipt_rows(fates: Sequence[tuple[str, Fate]], moment: datetime) -> Iterator[dict[str, Any]]:
    """The raw receipts of deliveries taken at `moment`, each due when it comes."""
    for id, fate in fates:
        for receipt in fate.receipts:
            yield {
                "_id": f"{id}:{receipt.event}:simulated.{receipt.copy}",
                "delivery_id": id,
                "event": str(receipt.event),
                "permanent": receipt.permanent,
                "reason": receipt.reason,
                "at": moment + timedelta(seconds=receipt.happened),
                "due_at": moment + timedelta(seconds=receipt.comes),
                "created_at": moment,
            }


def _answer(fate: Fate, before: int) -> Outcome:
    if fate.refused:
        return Outcome(result=Result.PERMANENT, words=fate.refused, server=SERVER)
    if fate.unclear and not before:
        return DOUBTFUL
    if fate.later and before < fate.tries:
        # 421, 450 and 451 ask for less at a time, 452 speaks of one mailbox.
        slow_down = not fate.later.startswith("452")
        return Outcome(result=Result.TEMPORARY, words=fate.later, slow_down=slow_down, server=SERVER)
    return TAKEN


def _person(message: Message) -> str:
    return str(message.customer_id) if message.customer_id is not None else message.recipient


async def _tries_before(ids: Sequence[str]) -> dict[str, int]:
    """How many tries of each of these deliveries came to nothing so far, as the ledger remembers."""
    if not ids:
        return {}
    found = collection("deliveries").find({"_id": {"$in": list(ids)}}, {"history.state": 1})
    return {row["_id"]: sum(event["state"] in _TRIED for event in row.get("history") or ()) async for row in found}


_TRIED = frozenset({State.DEFERRED, State.UNKNOWN})
