"""The actor of receipts: thin, it calls the service.

Dramatiq does not try it again: a failed one is logged, and the clock derives the message anew from MongoDB
(`app.receipts.service.due_receipts`).
"""

from __future__ import annotations

import dramatiq
import structlog
from dramatiq import Broker
from pymongo.errors import ConnectionFailure

from app.errors import Unavailable
from app.receipts import service
from tasks.queues import queue_of

LONGEST_MILLISECONDS = 10 * 60 * 1000

INGEST = "receipt.ingest"

log = structlog.get_logger(__name__)


def declare(broker: Broker) -> None:
    """Declare the actor on this broker."""
    declared = dramatiq.actor(
        actor_name=INGEST, queue_name=queue_of(INGEST), broker=broker, max_retries=0, time_limit=LONGEST_MILLISECONDS
    )
    declared(ingest)


async def ingest(asked_for: str = "") -> None:
    """Take in the receipts that are due. Each at least once; taking one in again, or at two places, changes nothing.

    `asked_for` is of no account; what is due is read from MongoDB.
    """
    try:
        await service.ingest_due()
    except (ConnectionFailure, Unavailable) as problem:
        log.warning("database away, the clock will derive this again", problem=str(problem)[:200])
