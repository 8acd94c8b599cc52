"""The actors of campaigns: thin, they take ids and call the services.

Dramatiq tries none of them again: a failed one is logged, its lease lapses, and the clock derives the message anew from
MongoDB. So each message may be lost, doubled or late without harm.
"""

from __future__ import annotations

from collections.abc import Awaitable

import dramatiq
import structlog
from bson import ObjectId
from dramatiq import Broker
from pymongo.errors import ConnectionFailure

from app.campaigns.life import standing
from app.campaigns.sending import chunk as sending
from app.campaigns.sending import finalize as finalizing
from app.campaigns.sending import prepare as preparing
from app.errors import Unavailable
from tasks.queues import queue_of

LONGEST_MILLISECONDS = 60 * 60 * 1000

log = structlog.get_logger(__name__)


def declare(broker: Broker) -> None:
    """Declare the actors on this broker."""
    for function in (prepare, add_newcomers, send_chunk, finalize):
        actor_name = f"campaign.{function.__name__}"
        declared = dramatiq.actor(
            actor_name=actor_name,
            queue_name=queue_of(actor_name),
            broker=broker,
            max_retries=0,
            time_limit=LONGEST_MILLISECONDS,
        )
        declared(function)


async def prepare(campaign_id: str) -> None:
    """Freeze the audience. At least once; each run starts over, one lease holder at a time starts the campaign."""
    await _calmly(preparing.prepare(ObjectId(campaign_id)), campaign_id)


async def add_newcomers(campaign_id: str) -> None:
    """Freeze who entered a standing campaign's segments. At least once; nobody is added twice."""
    await _calmly(standing.add_newcomers(ObjectId(campaign_id)), campaign_id)


async def send_chunk(chunk_id: str) -> None:
    """Send to one chunk. At most once for each customer and try, however often the message comes; a try whose end
    nobody knows is repeated only where the campaign asks for it (`ambiguity`).
    """
    await _calmly(sending.send_chunk(chunk_id), chunk_id)


async def finalize(campaign_id: str) -> None:
    """Close a campaign that has nothing left to do. At least once; doing it again changes nothing."""
    await _calmly(finalizing.finalize(ObjectId(campaign_id)), campaign_id)


async def _calmly(work: Awaitable[object], id: str) -> None:
    """A database that is away is no fault of the work: one line instead of a stack for every message in hand."""
    try:
        await work
    except (ConnectionFailure, Unavailable) as problem:
        log.warning("database away, the clock will derive this again", id=id, problem=str(problem)[:200])
