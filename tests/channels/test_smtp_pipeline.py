"""One round trip per mail: what each mail's outcome is when something happens to its neighbour on the connection."""

from __future__ import annotations

import asyncio
import random

import pytest

from app.channels import smtp_outage, smtp_server
from app.channels.base import Outcome, Result
from app.channels.smtp import SmtpChannel
from app.channels.smtp_url import server_of
from tests.channels.test_mime import message
from tests.fakes.smtp import Script, SmtpSink

A, B, C = (f"{letter}@example.com" for letter in "abc")


@pytest.fixture
def sink():
    with SmtpSink(keep_bodies=True) as server:
        yield server


def channel_to(sink: SmtpSink, connections: int = 1, **callbacks) -> SmtpChannel:
    return SmtpChannel(server_of(f"{sink.url}&name=main&connections={connections}"), **callbacks)


async def send(sink: SmtpSink, *recipients: str, connections: int = 1) -> list[Outcome]:
    channel = channel_to(sink, connections)
    try:
        return await channel.send([message(id=one, recipient=one) for one in recipients])
    finally:
        await channel.close()


def results(outcomes: list[Outcome]) -> list[str]:
    return [outcome.result.value for outcome in outcomes]


async def test_a_mail_costs_one_write(sink: SmtpSink):
    assert set(results(await send(sink, *(f"p{number}@example.com" for number in range(100))))) == {"accepted"}
    # EHLO, the first envelope, QUIT, and for each mail its content with the next envelope.
    assert sink.reads <= 104
    assert [mail.recipient for mail in sink.received] == [f"p{number}@example.com" for number in range(100)]


async def test_nothing_is_prepared_when_there_is_no_next_mail(sink: SmtpSink):
    channel = channel_to(sink)
    for recipient in (A, B):
        assert (await channel.send([message(recipient=recipient)]))[0] == Outcome(result=Result.ACCEPTED, server="main")
    assert sink.connections == 1
    await channel.close()


async def test_a_break_after_the_final_dot_leaves_that_mail_alone_undecided(sink: SmtpSink):
    sink.script.drop_after_data = {A}
    outcomes = await send(sink, A, B, C)
    assert results(outcomes) == ["ambiguous", "accepted", "accepted"]
    place = f"127.0.0.1:{sink.port}"
    assert outcomes[0].words == f"{place} took the whole message but did not answer; it may or may not have arrived."
    assert dict(sink.counts) == {B: 1, C: 1}


async def test_a_break_on_the_prepared_envelope_costs_its_mail_nothing(sink: SmtpSink):
    sink.script.drop_before_data = {B}
    assert results(await send(sink, A, B, C)) == ["accepted"] * 3
    assert sink.connections == 2
    assert set(sink.counts.values()) == {1}


@pytest.mark.parametrize("refusal", ["550 5.1.1 no such user", "452 4.2.2 full"])
async def test_a_refused_prepared_envelope_is_the_next_mails_outcome(sink: SmtpSink, refusal: str):
    sink.script.rcpt = {B: refusal}
    outcomes = await send(sink, A, B, C)
    assert results(outcomes) == ["accepted", "permanent" if refusal[0] == "5" else "temporary", "accepted"]
    assert outcomes[1].words == refusal
    assert sink.connections == 1
    assert dict(sink.counts) == {A: 1, C: 1}


async def test_a_refused_content_says_nothing_of_the_next_mail(sink: SmtpSink):
    sink.script.data = {A: "554 5.7.1 spam"}
    assert results(await send(sink, A, B)) == ["permanent", "accepted"]
    assert sink.connections == 1


async def test_a_server_that_closes_at_the_final_dot_gets_the_next_mail_on_a_new_connection(sink: SmtpSink):
    sink.script.data = {A: ["421 4.7.0 slower, please"]}
    outcomes = await send(sink, A, B)
    assert results(outcomes) == ["temporary", "accepted"]
    assert outcomes[0].slow_down
    assert outcomes[0].words == "421 4.7.0 slower, please"
    assert sink.connections == 2


@pytest.mark.parametrize("pipelining", [True, False])
async def test_a_connection_that_carries_few_mails(sink: SmtpSink, pipelining: bool):
    sink.script.close_after = 2
    sink.script.pipelining = pipelining
    recipients = [f"p{number}@example.com" for number in range(9)]
    assert set(results(await send(sink, *recipients))) == {"accepted"}
    assert sink.connections == 5
    assert set(sink.counts.values()) == {1}


async def test_split_replies_are_the_same(sink: SmtpSink):
    sink.script.split_replies = True
    sink.script.rcpt = {B: "550 5.1.1 no"}
    assert results(await send(sink, A, B, C)) == ["accepted", "permanent", "accepted"]


async def test_a_withdrawn_mail_does_not_leave_and_takes_the_rest_of_its_batch_along(sink: SmtpSink):
    offered: list[str] = []
    channel = channel_to(sink, offer=lambda id: offered.append(id) is None and id != B)
    batch = [message(id=one, recipient=one) for one in (A, B, C)]
    outcomes = await channel.send(batch)
    assert [(one.result, one.words) for one in outcomes[1:]] == [(Result.UNTOUCHED, "")] * 2
    assert outcomes[0].result is Result.ACCEPTED
    assert offered == [A, B]
    assert (await channel.send([message(id=C, recipient=C)]))[0].result is Result.ACCEPTED
    assert dict(sink.counts) == {A: 1, C: 1}
    await channel.close()


async def test_a_mail_taken_and_the_next_one_offered_are_told_at_once(sink: SmtpSink):
    told: list[tuple[str, ...]] = []

    def turn(taken: str, offered: str) -> bool:
        told.append(("turn", taken, offered))
        return offered != C

    channel = channel_to(
        sink,
        offer=lambda id: told.append(("offer", id)) is None,
        accepted=lambda id: told.append(("accepted", id)),
        turn=turn,
    )
    outcomes = await channel.send([message(id=one, recipient=one) for one in (A, B, C)])
    assert results(outcomes) == ["accepted", "accepted", "untouched"]
    assert told == [("offer", A), ("turn", A, B), ("turn", B, C)]
    assert results(await channel.send([message(id=A, recipient=A)])) == ["accepted"]
    assert told[3:] == [("offer", A), ("accepted", A)]
    assert dict(sink.counts) == {A: 2, B: 1}
    await channel.close()


async def test_a_cancelled_batch_stops_leaving(sink: SmtpSink):
    sink.script.latency = 0.05
    channel = channel_to(sink)
    sending = asyncio.ensure_future(channel.send([message(recipient=f"p{n}@example.com") for n in range(50)]))
    while not sink.counts:
        await asyncio.sleep(0.005)
    sending.cancel()
    await asyncio.wait({sending})
    assert (await channel.send([message(recipient=A)]))[0].result is Result.ACCEPTED
    assert sink.counts[A] == 1
    assert len(sink.counts) <= 3
    await channel.close()


async def test_two_batches_share_the_connections(sink: SmtpSink):
    sink.script.latency = 0.002
    channel = channel_to(sink, connections=2)
    batches = [[message(recipient=f"{name}{number}@example.com") for number in range(20)] for name in "xyz"]
    for outcomes in await asyncio.gather(*(channel.send(batch) for batch in batches)):
        assert set(results(outcomes)) == {"accepted"}
    assert sink.connections == 2
    assert len(sink.counts) == 60
    await channel.close()


@pytest.mark.parametrize("stage", ["accept", "ehlo", "mail", "rcpt", "data", "final"])
async def test_a_server_that_falls_silent_counts_as_away_after_one_wait(
    sink: SmtpSink, stage, monkeypatch: pytest.MonkeyPatch
):
    for name in ("CONNECT_SECONDS", "REPLY_SECONDS", "FINAL_SECONDS"):
        monkeypatch.setattr(smtp_server, name, 0.2)
    sink.script.hang = stage
    started = asyncio.get_running_loop().time()
    outcomes = await send(sink, *(f"p{number}@example.com" for number in range(40)), connections=4)
    assert asyncio.get_running_loop().time() - started < 2
    undecided = [one for one in outcomes if one.result is Result.AMBIGUOUS]
    assert len(undecided) == (4 if stage == "final" else 0)
    others = [one for one in outcomes if one.result is not Result.AMBIGUOUS]
    assert {one.result for one in others} == {Result.UNTOUCHED}
    silent = "cannot be reached: no answer within" if stage in ("accept", "ehlo") else "does not answer within"
    assert {one.words for one in others} == {f"The mail server at 127.0.0.1:{sink.port} {silent} 0.2 s"}
    assert not sink.counts


async def test_one_silent_mailbox_holds_up_nobody_else(sink: SmtpSink, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(smtp_server, "FINAL_SECONDS", 0.3)
    sink.script.hang = "final"
    sink.script.hang_for = {B}
    sink.script.latency = 0.01
    recipients = [f"p{number}@example.com" for number in range(60)]
    outcomes = await send(sink, A, B, *recipients, connections=2)
    assert results(outcomes) == ["accepted", "ambiguous", *["accepted"] * 60]


async def test_after_a_failure_one_connection_alone_tries_the_server(sink: SmtpSink, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(smtp_server, "FINAL_SECONDS", 0.1)
    monkeypatch.setattr(smtp_outage, "FIRST_RETRY_SECONDS", 0.05)
    sink.script.hang = "final"
    channel = channel_to(sink, connections=8)
    first = await channel.send([message(recipient=f"p{number}@example.com") for number in range(40)])
    assert results(first).count("ambiguous") == 8
    await asyncio.sleep(0.06)
    second = await channel.send([message(recipient=f"q{number}@example.com") for number in range(40)])
    assert results(second).count("ambiguous") == 1
    sink.script.hang = ""
    while channel.away is not None:
        await asyncio.sleep(0.01)
    third = await channel.send([message(recipient=f"r{number}@example.com") for number in range(40)])
    assert set(results(third)) == {"accepted"}
    await channel.close()


async def test_a_limit_on_connections_is_lived_with(sink: SmtpSink):
    """The server greets the second connection with 421 while the first carries on."""
    channel = channel_to(sink, connections=4)
    await channel.ready()
    sink.script.greeting = "421 4.7.0 too many connections"
    outcomes = await channel.send([message(recipient=f"p{number}@example.com") for number in range(30)])
    assert set(results(outcomes)) == {"accepted"}
    await channel.close()


@pytest.mark.parametrize("seed", range(12))
async def test_what_is_said_is_what_happened(seed: int, monkeypatch: pytest.MonkeyPatch):
    """Whatever the server does: accepted means once, every other answer but `ambiguous` means not at all."""
    monkeypatch.setattr(smtp_outage, "FIRST_RETRY_SECONDS", 0.01)
    chance = random.Random(seed)
    script = Script(
        seed=seed,
        shares={"451 4.3.0 later": 0.1, "550 5.1.1 no": 0.1},
        drop_before_share=0.1,
        drop_after_share=0.1,
        pipelining=chance.random() < 0.7,
        split_replies=chance.random() < 0.3,
        close_after=chance.choice([0, 0, 3, 10]),
        data_without_recipient=chance.choice(["503 5.5.1 no", "354 go ahead all the same"]),
        data={f"p{number}@example.com": "554 5.6.0 no" for number in range(7, 200, 23)},
    )
    with SmtpSink(script=script) as sink:
        channel = channel_to(sink, connections=chance.choice([1, 3, 8]))
        recipients = [f"p{number}@example.com" for number in range(200)]
        outcomes = await channel.send([message(recipient=one) for one in recipients])
        await channel.close()
        assert sink.counts.total() == len(sink.counts)
        for recipient, outcome in zip(recipients, outcomes, strict=True):
            expected = 1 if outcome.result is Result.ACCEPTED else 0
            assert sink.counts[recipient] == expected, (recipient, outcome)
        refused = script.picks("550 5.1.1 no", recipients)
        bad = {one for one, outcome in zip(recipients, outcomes, strict=True) if outcome.bad_address}
        assert bad
        assert bad <= refused
        assert refused.isdisjoint(sink.counts)
