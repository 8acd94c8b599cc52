"""Pause within a second and resume within two, as the mail server sees it; SIGTERM leaves nothing undecided."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable

import pytest

from tests.chaos.conftest import PEOPLE, Mailing, Site
from tests.chaos.house import patience, until
from tests.chaos.house import send as signal_to

pytestmark = pytest.mark.journey

Send = Callable[[float], Awaitable[Mailing]]
PAUSE_SECONDS = 1.0
RESUME_SECONDS = 2.0
WATCHED_SECONDS = 2.0


@pytest.mark.parametrize("latency", [0.02, 0.5], ids=["quick", "half_a_second_a_mail"])
async def test_pause_is_seen_within_a_second_and_resume_within_two(site: Site, send: Send, latency: float) -> None:
    mailing = await send(latency)
    await mailing.taken(30)
    asked = time.monotonic()
    await mailing.shop.act(mailing.id, "pause")
    within = PAUSE_SECONDS * patience()
    await asyncio.sleep(within + WATCHED_SECONDS)
    after = asked + within + latency  # what was on the wire may still be answered
    assert mailing.sink.between(after, time.monotonic()) == 0
    counts = (await mailing.shop.campaign(mailing.id))["counts"]
    assert counts["sent"] == mailing.sink.total()
    assert counts["unknown"] == 0

    asked = time.monotonic()
    await mailing.shop.act(mailing.id, "resume")
    await mailing.one_more()
    first = mailing.sink.first_after(asked)
    assert first is not None
    assert first - asked - latency < RESUME_SECONDS * patience()
    mailing.sink.take(0.0)
    books = await mailing.done()
    assert books.states == {"sent": PEOPLE}
    assert books.faults(resend=False, connections=0) == []


async def test_workers_that_are_stopped_in_mid_campaign_leave_nothing_unknown(site: Site, send: Send) -> None:
    mailing = await send(0.03)
    await mailing.taken(60)
    for taken in (150, 300):
        before = set(site.house.pids("worker"))
        signal_to(signal.SIGTERM, before)
        await until(lambda before=before: not before & set(site.house.parts()), 25 * patience(), "the workers to end")  # type: ignore[misc]
        counts = (await mailing.shop.campaign(mailing.id))["counts"]
        assert counts["sent"] == mailing.sink.total()
        await mailing.taken(taken)
    books = await mailing.done()
    assert books.states == {"sent": PEOPLE}
    assert books.faults(resend=False, connections=0) == []
