"""The actor of segments: thin, it calls the recorder.

Dramatiq does not try it again: a failed one is logged, its lease lapses, and the clock derives the message anew from
MongoDB (`app.segments.growth.keeper.due_records`).
"""

from __future__ import annotations

import dramatiq
from dramatiq import Broker

from app.segments.growth import keeper
from tasks.queues import queue_of

LONGEST_MILLISECONDS = 6 * 60 * 60 * 1000

RECORD = "segment.record"


def declare(broker: Broker) -> None:
    """Declare the actor on this broker."""
    declared = dramatiq.actor(
        actor_name=RECORD, queue_name=queue_of(RECORD), broker=broker, max_retries=0, time_limit=LONGEST_MILLISECONDS
    )
    declared(record)


async def record(asked_for: str = "") -> None:
    """Record every segment that is due. At least once; one lease holder at a time, and each occasion once.

    `asked_for` names a segment in the log; what is due is read from MongoDB.
    """
    await keeper.record_due()
