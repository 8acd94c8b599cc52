"""What this process knows of the campaigns it is sending: read again four times a second, in one query for all, and
at once when somebody says that a state changed.

So a pause or a cancellation reaches every chunk in hand within a moment, whatever the mail server takes its time over,
and also while Redis is away.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import structlog
from bson import ObjectId
from pymongo.errors import PyMongoError

from app.database import collection
from app.errors import Unavailable
from models.campaign import CampaignState

LOOK_SECONDS = 0.25

FIRST_BATCH = 50
BROAD = 0.8
_LASTING = {"subject": 0, "body": 0, "preview_text": 0}
"""What does not change while a campaign runs, and may be long."""

log = structlog.get_logger(__name__)


class Watched:
    """A campaign in hand. `campaign` is the raw document; `batch` how many messages a micro-batch should have; `broad`
    says that it goes to most of all customers.
    """

    def __init__(self, campaign: dict[str, Any], *, broad: bool) -> None:
        self.campaign = campaign
        self.batch = FIRST_BATCH
        self.broad = broad
        self.users = 0
        self._learned = time.monotonic()
        self._stops: set[Callable[[], None]] = set()

    @property
    def fresh(self) -> bool:
        """Whether it was looked at so lately that another look would hardly say more."""
        return time.monotonic() - self._learned < LOOK_SECONDS

    @property
    def running(self) -> bool:
        """Whether it may go on."""
        return bool(self.campaign["state"] == CampaignState.RUNNING)

    def learn(self, found: dict[str, Any] | None) -> None:
        """It is like this now; gone is as good as cancelled."""
        self._learned = time.monotonic()
        self.campaign.update(found or {"state": CampaignState.CANCELLED.value})
        if not self.running:
            for stop in tuple(self._stops):
                stop()

    @contextlib.contextmanager
    def stopped_by(self, stop: Callable[[], None]) -> Any:
        """Call `stop`, perhaps several times, as soon as the campaign may not go on."""
        self._stops.add(stop)
        try:
            if not self.running:
                stop()
            yield
        finally:
            self._stops.discard(stop)


class _Watch:
    """The campaigns of one event loop, and the task that looks at them while there are any."""

    def __init__(self) -> None:
        self.known: dict[ObjectId, Watched] = {}
        self.task: asyncio.Task[None] | None = None
        self.hurry = asyncio.Event()

    async def look(self) -> None:
        """Until nobody is interested any more."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self.hurry.wait()
            self.hurry.clear()
            ids = list(self.known)
            try:
                found = {row["_id"]: row async for row in collection("campaigns").find({"_id": {"$in": ids}}, _LASTING)}
            except (PyMongoError, Unavailable) as problem:
                log.debug("cannot look at the campaigns", problem=str(problem)[:200])
                continue
            for id in ids:
                if id in self.known:
                    self.known[id].learn(found.get(id))


_watches: dict[asyncio.AbstractEventLoop, _Watch] = {}


def look_soon(campaign_id: str) -> None:
    """Somebody said that this campaign's state changed. Call it on the loop that sends."""
    watch = _watches.get(asyncio.get_running_loop())
    if watch is not None and campaign_id in map(str, watch.known):
        watch.hurry.set()


@contextlib.asynccontextmanager
async def watching(campaign_id: ObjectId) -> AsyncIterator[Watched | None]:
    """The campaign as it is now, and kept so for the length of a `with`. None when there is none."""
    loop = asyncio.get_running_loop()
    for other in [other for other in _watches if other.is_closed()]:
        del _watches[other]
    watch = _watches.setdefault(loop, _Watch())
    watched = watch.known.get(campaign_id)
    if watched is None or not watched.fresh:
        found = await collection("campaigns").find_one({"_id": campaign_id})
        if found is None:
            yield None
            return
        if watched is None:
            most = BROAD * await collection("customers").estimated_document_count()
            watched = Watched(found, broad=(found.get("audience") or 0) >= most)
        # Another may have come, or the one there was may have been let go, meanwhile.
        watched = watch.known.setdefault(campaign_id, watched)
        watched.learn(found)
    watched.users += 1
    if watch.task is None or watch.task.done():
        watch.task = loop.create_task(watch.look())
    try:
        yield watched
    finally:
        watched.users -= 1
        if not watched.users:
            watch.known.pop(campaign_id, None)
        if not watch.known and watch.task is not None:
            watch.task.cancel()
            watch.task = None
