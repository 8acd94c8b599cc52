"""Answers heard while they are written, on both protocols."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from app.ai.provider import ProviderFailed, Reply
from app.ai.streaming import ask_streaming
from models import AiCall, Member
from tests.fakes import scripted
from tests.fakes.scripted import Blocked, Drop, Empty, Garbage, Hang, Say, Stall, Status

LONG = "Words that come piece by piece, quite a few of them, so that there is something to hear."


async def listen(member: Member, heard: list[str], *, timeout: float = 10) -> Reply:
    return await ask_streaming(
        "copy", "Be brief.", "Say it.", member=member, timeout=timeout, most_tokens=500, heard=heard.append
    )


async def call_of() -> AiCall:
    (call,) = await AiCall.find_all().to_list()
    return call


async def test_the_text_grows_and_is_logged(provider: Any, bob: Member) -> None:
    provider([LONG])
    heard: list[str] = []
    reply = await listen(bob, heard)
    assert reply.text == LONG == heard[-1]
    assert len(heard) > 2
    assert all(later.startswith(earlier) for earlier, later in pairwise(heard))
    call = await call_of()
    assert (call.purpose, call.outcome, call.reply, call.member_id) == ("copy", "ok", LONG, bob.id)
    assert call.output_tokens == len(LONG) // 4
    assert call.input_tokens


async def test_the_limit_of_output_is_told(provider: Any, bob: Member) -> None:
    provider([Say(LONG, cut=True)])
    assert (await listen(bob, [])).cut


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Status(429), "rate_limited"),
        (Status(503), "unavailable"),
        (Status(401), "not_authorised"),
        (Hang(6), "timeout"),
        (Drop(), "unreachable"),
        (Blocked(), "blocked"),
        (Empty(), "empty"),
    ],
)
async def test_failures_have_names(reply: scripted.Reply, code: str, provider: Any, bob: Member) -> None:
    provider([reply])
    with pytest.raises(ProviderFailed) as failed:
        await listen(bob, [], timeout=1.5)
    assert failed.value.code == code
    assert (await call_of()).outcome == code


async def test_what_is_not_the_protocol_fails(provider: Any, bob: Member) -> None:
    provider([Garbage()])
    with pytest.raises(ProviderFailed):
        await listen(bob, [], timeout=2)


async def test_a_stall_ends_in_time_and_what_came_is_kept(provider: Any, bob: Member) -> None:
    provider([Stall(LONG, seconds=8)])
    heard: list[str] = []
    with pytest.raises(ProviderFailed) as failed:
        await listen(bob, heard, timeout=1.5)
    assert failed.value.code == "timeout"
    assert heard[-1] == LONG
    call = await call_of()
    assert (call.outcome, call.reply) == ("timeout", LONG)


async def test_a_broken_stream_fails_after_what_came(provider: Any, bob: Member) -> None:
    provider([Stall(LONG)])
    heard: list[str] = []
    with pytest.raises(ProviderFailed):
        await listen(bob, heard)
    assert heard[-1] == LONG


async def test_stopping_is_noted(provider: Any, bob: Member) -> None:
    provider([Stall(LONG, seconds=8)])
    heard: list[str] = []
    task = asyncio.ensure_future(listen(bob, heard))
    async with asyncio.timeout(5):
        while not heard or heard[-1] != LONG:
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    call = await call_of()
    assert (call.outcome, call.reply) == ("stopped", LONG)
