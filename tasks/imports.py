"""The actor of imports: thin, it takes an id and calls the service.

Dramatiq does not try it again: a failed one is logged, its lease lapses, and the clock derives the message anew from
MongoDB (`app.imports.jobs.due_imports`).
"""

from __future__ import annotations

import dramatiq
from dramatiq import Broker

from app.imports import service
from tasks.queues import queue_of

LONGEST_MILLISECONDS = 12 * 60 * 60 * 1000
"""A file at the limit of size takes well under an hour; this only ends what hangs."""

RUN = "import.run"


def declare(broker: Broker) -> None:
    """Declare the actor on this broker."""
    declared = dramatiq.actor(
        actor_name=RUN, queue_name=queue_of(RUN), broker=broker, max_retries=0, time_limit=LONGEST_MILLISECONDS
    )
    declared(run)


async def run(import_id: str) -> None:
    """Work on an import. At least once; one lease holder at a time, and rows written twice change nothing."""
    await service.run_import(import_id)
