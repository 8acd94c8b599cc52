"""Handing a micro-batch to its channel: the lease is kept alive meanwhile, and what was not offered yet is taken back
as soon as the campaign stops or the lease is in doubt.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import structlog
from pymongo.errors import PyMongoError

from app.campaigns.sending.leases import LEASE_SECONDS, Held, Lease
from app.campaigns.sending.watch import Watched
from app.channels.acceptances import Acceptances
from app.channels.base import Channel, Message, Outcome

RENEW_SECONDS = 4.0
"""How often the lease is renewed while a slow server takes its time over one micro-batch."""

DOUBT_SECONDS = LEASE_SECONDS - 3.0
"""After so long without a successful renewal somebody else may take the chunk: nothing more is offered."""

WANTED_SECONDS = 0.4
"""How long a micro-batch should take: short enough for a pause, long enough to be worth its writes."""

WANTED_SECONDS_WITHDRAWABLE = 1.0
"""The same for a channel that asks before it offers each message, so that a pause need not wait for the batch."""

LARGEST_BATCH = 1000
"""Messages that wait for a connection cost memory, some 2 KB each in every chunk in hand."""

log = structlog.get_logger(__name__)


async def hand_over(
    lease: Lease,
    watched: Watched,
    journal: Acceptances,
    channel: Channel,
    messages: Sequence[Message],
) -> list[Outcome]:
    """The outcome of each message, in the same order; what was withdrawn in time comes back untouched.

    What a `repeatable` channel is given twice it keeps once, so nobody need know what it was offered.
    """
    ids = [message.id for message in messages]
    withdrawable = getattr(channel, "notes_offers", False)
    if not withdrawable and not getattr(channel, "repeatable", False):
        journal.offer_all(ids)
    started = time.monotonic()
    try:
        with watched.stopped_by(lambda: journal.withdraw(ids)):
            sending = asyncio.ensure_future(channel.send(messages))
            await _renewing(sending, lease, journal, ids)
    except asyncio.CancelledError:
        # The channel goes on by itself for a moment, so this owner's silence means nothing until the process ends.
        journal.withdraw(ids)
        raise
    journal.forget(ids)
    wanted = WANTED_SECONDS_WITHDRAWABLE if withdrawable else WANTED_SECONDS
    _adapt(watched, len(messages), time.monotonic() - started, wanted, least=getattr(channel, "at_once", 1))
    return sending.result()


async def _renewing(
    sending: asyncio.Future[list[Outcome]],
    lease: Lease,
    journal: Acceptances,
    ids: Sequence[str],
) -> None:
    renewed = time.monotonic()
    while not (await asyncio.wait({sending}, timeout=RENEW_SECONDS))[0]:
        try:
            held = await lease.renew()
        except PyMongoError as problem:
            log.warning("lease not renewed", chunk=lease.chunk_id, problem=str(problem)[:200])
            held = Held.YES if time.monotonic() - renewed < DOUBT_SECONDS else Held.LOST
        else:
            renewed = time.monotonic()
        if held is Held.LOST:
            journal.withdraw(ids)


def _adapt(watched: Watched, size: int, took: float, wanted: float = WANTED_SECONDS, *, least: int = 1) -> None:
    """Aim at micro-batches of `wanted` seconds; a short one says little, so it changes nothing upwards.

    What the channel handles `least` at once takes no less time when it is fewer, however slow the other side is.
    """
    fitting = int(size * wanted / max(took, 0.001))
    if fitting < size or size >= watched.batch:
        watched.batch = max(least, min(fitting, 2 * size, LARGEST_BATCH))
