"""The names of the queues."""

from __future__ import annotations

QUEUES = {
    "campaign": "campaigns",
    "import": "imports",
    "receipt": "receipts",
    "segment": "segments",
}
"""The queue of an actor, by the first part of its name: an import of a million rows holds up no campaign."""

DEFAULT_QUEUE = "default"


def queue_of(actor_name: str) -> str:
    """The queue this actor's messages go to."""
    return QUEUES.get(actor_name.partition(".")[0], DEFAULT_QUEUE)
