"""The SMTP channel against a real server that misbehaves."""

from __future__ import annotations

import asyncio
import email

import pytest

from app.channels import smtp_server
from app.channels.base import Result, Unreachable
from app.channels.replies import alert_of, outcome_of
from app.channels.smtp import SmtpChannel
from app.channels.smtp_url import server_of
from app.errors import SettingsError
from tests.channels.test_mime import message
from tests.fakes.smtp import SmtpSink


@pytest.fixture
def sink():
    with SmtpSink(keep_bodies=True) as server:
        yield server


async def send(sink: SmtpSink, *recipients: str, url: str = "", **fields: object):
    channel = SmtpChannel(server_of(url or sink.url))
    try:
        await channel.ready()
        return await channel.send([message(recipient=one, **fields) for one in recipients])
    finally:
        await channel.close()


async def test_connections_are_shared_and_kept(sink: SmtpSink):
    channel = SmtpChannel(server_of(sink.url))
    for _ in range(3):
        await channel.ready()
        outcomes = await channel.send([message(recipient=f"p{number}@example.com") for number in range(40)])
        assert {outcome.result for outcome in outcomes} == {Result.ACCEPTED}
    assert sink.connections <= 8
    assert set(sink.counts.values()) == {3}
    await channel.close()


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("stubborn", [True, False], ids=["data accepted all the same", "data refused"])
async def test_each_answer_finds_its_message(sink: SmtpSink, pipelining: bool, stubborn: bool):
    sink.script.pipelining = pipelining
    if stubborn:
        sink.script.data_without_recipient = "354 go ahead all the same"
    sink.script.rcpt = {"a@example.com": "550 5.1.1 no such user", "b@example.com": "451 4.3.0 later"}
    sink.script.data = {"c@example.com": "554 5.7.1 spam"}
    sink.script.drop_after_data = {"d@example.com"}
    outcomes = await send(sink, *(f"{letter}@example.com" for letter in "abcde"))
    assert [one.result for one in outcomes] == [
        Result.PERMANENT,
        Result.TEMPORARY,
        Result.PERMANENT,
        Result.AMBIGUOUS,
        Result.ACCEPTED,
    ]
    assert [one.bad_address for one in outcomes] == [True, False, False, False, False]
    assert outcomes[2].words == "554 5.7.1 spam"
    assert outcomes[0].words == "550 5.1.1 no such user"
    assert dict(sink.counts) == {"e@example.com": 1}


async def test_a_connection_the_server_dropped_while_idle_costs_nothing(sink: SmtpSink):
    channel = SmtpChannel(server_of(sink.url))
    await channel.ready()
    sink.stop()
    sink.start()
    assert [one.result for one in await channel.send([message()])] == [Result.ACCEPTED]
    await channel.close()


async def test_a_fresh_connection_that_breaks_is_a_temporary_failure(sink: SmtpSink):
    sink.script.drop_before_data = {"ann@example.com"}
    channel = SmtpChannel(server_of(sink.url))
    first = await channel.send([message()])
    assert first[0].result is Result.TEMPORARY
    assert (await channel.send([message()]))[0].result is Result.ACCEPTED
    await channel.close()


async def test_away_means_untouched_and_nobody_knocks_again_until_the_pause_is_over(sink: SmtpSink):
    channel = SmtpChannel(server_of(sink.url))
    await channel.ready()
    sink.stop()
    outcomes = await channel.send([message(), message()])
    assert {one.result for one in outcomes} == {Result.UNTOUCHED}
    with pytest.raises(Unreachable) as caught:
        await channel.ready()
    assert caught.value.detail == f"The mail server at 127.0.0.1:{sink.port} cannot be reached: connection refused"
    assert 0 < caught.value.retry_in <= 1
    sink.start()
    with pytest.raises(Unreachable):
        await channel.ready()
    await asyncio.sleep(caught.value.retry_in)
    await channel.ready()
    await channel.close()


async def test_sign_in(sink: SmtpSink):
    sink.script.users = {"shop": "p@ss"}
    right = f"smtp://shop:p%40ss@127.0.0.1:{sink.port}?starttls=never"
    assert (await send(sink, "a@example.com", url=right))[0].result is Result.ACCEPTED
    with pytest.raises(Unreachable, match=r"refuses the sign-in of SMTP_URL: 535 5\.7\.8"):
        await send(sink, "a@example.com", url=right.replace("p%40ss", "wrong"))
    outcomes = SmtpChannel(server_of(sink.url))
    assert (await outcomes.send([message()]))[0].words.startswith(f"The mail server at 127.0.0.1:{sink.port} wants")
    await outcomes.close()


async def test_a_greeting_that_says_no(sink: SmtpSink):
    sink.script.greeting = "554 5.3.2 not today"
    with pytest.raises(Unreachable, match=r"it answers 554 5\.3\.2 not today"):
        await send(sink, "a@example.com")


async def test_tls_that_is_asked_for_and_not_offered(sink: SmtpSink):
    with pytest.raises(Unreachable, match="STARTTLS"):
        await send(sink, "a@example.com", url=f"smtp://127.0.0.1:{sink.port}?starttls=always")


async def test_after_a_refusal_the_same_connection_carries_on(sink: SmtpSink):
    sink.script.rcpt = {"a@example.com": "550 5.1.1 no", "c@example.com": "452 4.2.2 full"}
    outcomes = await send(sink, *(f"{letter}@example.com" for letter in "abcd"), url=f"{sink.url}&connections=1")
    assert [one.result.value for one in outcomes] == ["permanent", "accepted", "temporary", "accepted"]
    assert sink.connections == 1


async def test_a_closing_server_is_told_apart_from_a_refusal(sink: SmtpSink):
    sink.script.rcpt = {"a@example.com": ["421 4.3.2 going down"]}
    channel = SmtpChannel(server_of(sink.url))
    assert (await channel.send([message(recipient="a@example.com")]))[0].result is Result.TEMPORARY
    assert (await channel.send([message(recipient="a@example.com")]))[0].result is Result.ACCEPTED
    await channel.close()


async def test_a_silent_server_leaves_only_what_was_handed_over_undecided(
    sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(smtp_server, "FINAL_SECONDS", 0.2)
    sink.script.latency = 5
    outcomes = await send(sink, "a@example.com")
    assert outcomes[0].result is Result.AMBIGUOUS


async def test_acceptance_is_told_at_the_servers_word(sink: SmtpSink):
    told: list[str] = []
    sink.script.rcpt = {"b@example.com": "550 5.1.1 no"}
    channel = SmtpChannel(server_of(sink.url), accepted=told.append)
    batch = [message(id=f"c:{letter}", recipient=f"{letter}@example.com") for letter in "abc"]
    await channel.send(batch)
    assert sorted(told) == ["c:a", "c:c"]
    await channel.close()


async def test_an_unknown_host():
    with pytest.raises(Unreachable, match="cannot be reached: its name is unknown"):
        await SmtpChannel(server_of("smtp://no-such-host.invalid:25")).ready()


async def test_addresses_outside_ascii_need_smtputf8(sink: SmtpSink):
    outcomes = await send(sink, "jürgen@example.com", "ann@bücher.de")
    assert {one.result for one in outcomes} == {Result.ACCEPTED}
    assert set(sink.counts) == {"jürgen@example.com", "ann@xn--bcher-kva.de"}
    sink.script.smtputf8 = False
    outcomes = await send(sink, "jürgen@example.com", "ann@bücher.de")
    assert [one.result for one in outcomes] == [Result.PERMANENT, Result.ACCEPTED]


async def test_lines_that_begin_with_a_dot_arrive_whole(sink: SmtpSink):
    await send(sink, "a@example.com", text=".\n..\n.hidden\n", html="x")
    part = email.message_from_bytes(sink.received[0].content)
    assert part.get_payload(0).get_payload(decode=True).decode() == ".\r\n..\r\n.hidden\r\n"  # type: ignore[union-attr]


async def test_an_address_that_would_inject_a_command_is_never_sent(sink: SmtpSink):
    outcomes = await send(sink, "a@example.com>\r\nRCPT TO:<b@example.com", "c@example.com")
    assert [one.result for one in outcomes] == [Result.PERMANENT, Result.ACCEPTED]
    assert set(sink.counts) == {"c@example.com"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"subject": "x\r\nBcc: eve@example.com"}, "subject: holds a line break"),
        ({"subject": "x" * 65_536}, "subject: has 65,536 characters; 2,000 is the most"),
        ({"html": "x" * 10_000_000}, "body: has 10,000,006 characters; 5 MB is the most"),
        ({"recipient": "ann@-"}, "email: the domain of 'ann@-' is not a valid name"),
        ({"recipient": "ann"}, "email: 'ann' is not an address mail can be sent to"),
    ],
)
async def test_what_cannot_be_a_mail_is_refused_and_nothing_of_it_is_sent(sink: SmtpSink, changes, words: str):
    channel = SmtpChannel(server_of(f"{sink.url}&connections=1"))
    batch = [message(recipient="a@example.com"), message(**changes), message(recipient="c@example.com")]
    outcomes = await channel.send(batch)
    assert [one.result for one in outcomes] == [Result.ACCEPTED, Result.PERMANENT, Result.ACCEPTED]
    assert outcomes[1].words.startswith(words)
    assert not outcomes[1].bad_address
    assert [mail.recipient for mail in sink.received] == ["a@example.com", "c@example.com"]
    assert sink.connections == 1
    await channel.close()


@pytest.mark.parametrize(
    ("reply", "result", "bad"),
    [
        ("250 2.0.0 Ok", Result.ACCEPTED, False),
        ("421 4.7.0 busy", Result.TEMPORARY, False),
        ("550 5.1.1 unknown", Result.PERMANENT, True),
        ("550 5.1.8 bad sender", Result.PERMANENT, False),
        ("550 no such user", Result.PERMANENT, False),
        ("550 5.7.1 spam", Result.PERMANENT, False),
        ("354 odd", Result.TEMPORARY, False),
    ],
)
def test_replies(reply: str, result: Result, bad: bool):
    code, _, text = reply.partition(" ")
    found = outcome_of(int(code), text)
    assert (found.result, found.bad_address, found.words) == (result, bad, reply)


@pytest.mark.parametrize(
    ("reply", "slow"),
    [
        ("421 4.3.2 closing", True),
        ("450 4.2.0 greylisted", True),
        ("451 4.3.0 later", True),
        ("452 4.5.3 too many recipients", True),
        ("454 4.7.0 throttled", True),
        ("431 4.7.28 too fast", True),
        ("441 4.4.1 no answer from host", False),
        ("550 5.7.1 spam", False),
        ("250 2.0.0 Ok", False),
    ],
)
def test_who_asks_for_less(reply: str, slow: bool):
    code, _, text = reply.partition(" ")
    found = outcome_of(int(code), text, "main")
    assert (found.slow_down, found.server) == (slow, "main")


@pytest.mark.parametrize(
    ("words", "alert"),
    [
        (
            "550 5.7.1 blocked",
            "The receiving server refuses mail like this from you by its own rules: 550 5.7.1 blocked",
        ),
        ("550 5.7.26 no", "The receiving server's SPF and DKIM checks both fail for your mail: 550 5.7.26 no"),
        ("550 5.7.99 no", "The receiving server refuses mail like this from you by its own rules: 550 5.7.99 no"),
        ("550 5.1.1 unknown", None),
        ("450 4.7.1 greylisted", None),
        ("550 blocked", None),
        ("The address is suppressed", None),
        ("", None),
    ],
)
def test_refusals_that_are_about_the_shop(words: str, alert: str | None):
    assert alert_of(words) == alert


def test_smtp_url():
    server = server_of("smtps://a%40b:c%3Ad@mail.example?verify=no")
    assert (server.host, server.port, server.user, server.password) == ("mail.example", 465, "a@b", "c:d")
    assert (server.secure, server.verify) == (True, False)
    assert server_of("smtp://mail.example").port == 25
    assert server_of("smtp://u:p@mail.example").port == 587
    for wrong in ("smtp://h?starttls=maybe", "smtp://h?verify=perhaps", "smtp://h?tls=1", "smtp://"):
        with pytest.raises(SettingsError, match="SMTP_URL"):
            server_of(wrong)
