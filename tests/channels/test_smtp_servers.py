"""Several mail servers: by weight, within limits, and on to another when one goes away."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from app import checkup
from app.campaigns.record.signals import close_signals
from app.channels import servers as servers_module
from app.channels import smtp_outage, smtp_server
from app.channels.base import Result, Unreachable
from app.channels.servers import Servers, mail_channel
from app.channels.smtp import SmtpChannel
from app.channels.smtp_url import server_of, servers_of
from app.errors import SettingsError
from app.settings import Settings, use_settings
from tests.channels.test_mime import message
from tests.fakes.smtp import SmtpSink


@pytest.fixture
def sinks() -> Iterator[list[SmtpSink]]:
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(SmtpSink()) for _ in range(3)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_outage, "FIRST_RETRY_SECONDS", 0.1)
    monkeypatch.setattr(smtp_outage, "LAST_RETRY_SECONDS", 0.2)


def channel_to(*servers: tuple[SmtpSink, str]):
    channel = mail_channel(" ".join(f"{sink.url}&{options}" for sink, options in servers))
    assert isinstance(channel, Servers)
    return channel


def batch(count: int, start: int = 0):
    return [message(recipient=f"p{number}@example.com") for number in range(start, start + count)]


async def test_mails_go_by_weight_and_say_who_took_them(sinks):
    channel = channel_to((sinks[0], "name=one&weight=3"), (sinks[1], "name=two"), (sinks[2], "name=spare&weight=0"))
    await channel.ready()
    outcomes = [outcome for start in range(0, 370, 37) for outcome in await channel.send(batch(37, start))]
    assert {outcome.result for outcome in outcomes} == {Result.ACCEPTED}
    by_name = Counter(outcome.server for outcome in outcomes)
    assert by_name == {"one": sinks[0].counts.total(), "two": sinks[1].counts.total()}
    assert abs(by_name["two"] - 92.5) <= 2
    assert sinks[2].connections == 0
    await channel.close()


async def test_small_batches_are_shared_out_too(sinks):
    channel = channel_to((sinks[0], "name=one"), (sinks[1], "name=two"))
    await channel.ready()
    for number in range(20):
        await channel.send(batch(1, number))
    assert [sink.counts.total() for sink in sinks[:2]] == [10, 10]
    await channel.close()


async def test_what_a_server_did_not_take_goes_by_another(sinks):
    sinks[0].script.latency = 0.005
    channel = channel_to((sinks[0], "name=one"), (sinks[1], "name=two"))
    await channel.ready()
    sending = asyncio.ensure_future(channel.send(batch(200)))
    while sinks[0].counts.total() < 20:
        await asyncio.sleep(0.002)
    sinks[0].stop()
    outcomes = await sending
    found = Counter(outcome.result for outcome in outcomes)
    assert found[Result.ACCEPTED] + found[Result.AMBIGUOUS] == 200
    assert found[Result.AMBIGUOUS] <= 8
    together = sinks[0].counts + sinks[1].counts
    assert set(together.values()) == {1}
    await channel.close()


async def test_a_server_that_is_back_gets_its_share_again(sinks):
    channel = channel_to((sinks[0], "name=one"), (sinks[1], "name=two"))
    sinks[0].stop()
    await channel.ready()
    assert {outcome.server for outcome in await channel.send(batch(20))} == {"two"}
    sinks[0].start()
    deadline = time.monotonic() + 5
    while not sinks[0].counts:
        assert time.monotonic() < deadline
        assert {outcome.result for outcome in await channel.send(batch(10))} == {Result.ACCEPTED}
        await asyncio.sleep(0.02)
    before = sinks[0].counts.total()
    await channel.send(batch(100))
    assert sinks[0].counts.total() - before == 50
    await channel.close()


async def test_the_reserve_is_used_when_the_others_are_away_and_left_when_they_are_back(sinks):
    channel = channel_to((sinks[0], "name=one"), (sinks[2], "name=spare&weight=0"))
    sinks[0].stop()
    await channel.ready()
    assert {outcome.server for outcome in await channel.send(batch(20))} == {"spare"}
    sinks[0].start()
    deadline = time.monotonic() + 5
    while {outcome.server for outcome in await channel.send(batch(2))} != {"one"}:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    await channel.close()


async def test_all_away_names_each_with_its_reason(sinks):
    sinks[0].stop()
    sinks[1].script.greeting = "554 5.3.2 not today"
    channel = channel_to((sinks[0], "name=one"), (sinks[1], "name=two"))
    with pytest.raises(Unreachable) as caught:
        await channel.ready()
    assert caught.value.detail == (
        "No mail server can be used. "
        f"one: The mail server at 127.0.0.1:{sinks[0].port} cannot be reached: connection refused; "
        f"two: The mail server at 127.0.0.1:{sinks[1].port} cannot be reached: it answers 554 5.3.2 not today"
    )
    assert 0 < caught.value.retry_in <= 0.2
    outcomes = await channel.send(batch(3))
    assert {outcome.result for outcome in outcomes} == {Result.UNTOUCHED}
    assert outcomes[0].words == caught.value.detail
    await channel.close()


async def test_a_busy_server_hands_its_mails_on(sinks):
    sinks[0].script.busy(60)
    channel = channel_to((sinks[0], "name=one"), (sinks[1], "name=two"))
    await channel.ready()
    assert {outcome.result for outcome in await channel.send(batch(40))} == {Result.ACCEPTED}
    assert sinks[1].counts.total() == 40
    await channel.close()


async def test_a_server_that_turns_busy_hands_its_mails_on(sinks):
    channel = channel_to((sinks[0], "name=one"), (sinks[1], "name=two"))
    await channel.ready()
    await channel.send(batch(10))
    sinks[0].script.busy(60)
    assert {outcome.result for outcome in await channel.send(batch(40, 10))} == {Result.ACCEPTED}
    assert (sinks[0].counts + sinks[1].counts).total() == 50
    await channel.close()


async def test_a_silent_server_costs_one_wait(sinks, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(smtp_server, "FINAL_SECONDS", 0.2)
    sinks[0].script.hang = "final"
    channel = channel_to((sinks[0], "name=one&connections=2"), (sinks[1], "name=two"))
    await channel.ready()
    found = Counter(outcome.result for outcome in await channel.send(batch(60)))
    assert found == {Result.ACCEPTED: 58, Result.AMBIGUOUS: 2}
    await channel.close()


async def test_withdrawn_mails_go_nowhere(sinks):
    urls = " ".join(f"{sink.url}&name={name}" for sink, name in zip(sinks, "xy", strict=False))
    channel = mail_channel(urls, offer=lambda id: False)
    await channel.ready()
    assert {(one.result, one.words) for one in await channel.send(batch(10))} == {(Result.UNTOUCHED, "")}
    assert not sinks[0].counts + sinks[1].counts
    await channel.close()


class TestLimits:
    @pytest.fixture(autouse=True)
    async def redis(self, settings: Settings):
        use_settings(settings)
        yield
        await close_signals()

    async def test_a_limited_server_is_given_no_more_and_the_rest_goes_by_the_other(self, sinks):
        name = f"limited-{time.time_ns()}"
        channel = channel_to((sinks[0], f"name={name}&per_second=20"), (sinks[1], "name=open"))
        await channel.ready()
        started = time.monotonic()
        outcomes = [outcome for _ in range(6) for outcome in await channel.send(batch(50))]
        took = time.monotonic() - started
        assert {outcome.result for outcome in outcomes} == {Result.ACCEPTED}
        assert 0 < sinks[0].counts.total() <= 20 * (took + 0.5) + 2
        await channel.close()

    async def test_alone_it_waits_a_moment_and_then_says_so(self, sinks, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(servers_module, "ROOM_SECONDS", 0.3)
        name = f"limited-{time.time_ns()}"
        channel = channel_to((sinks[0], f"name={name}&per_second=20"))
        await channel.ready()
        outcomes = await channel.send(batch(50))
        left = [outcome for outcome in outcomes if outcome.result is Result.UNTOUCHED]
        assert 30 <= len(left) < 50
        assert all(outcome.slow_down for outcome in left)
        assert left[0].words == f"{name} is given at most 20 mails a second (per_second in SMTP_URL)."
        assert sinks[0].counts.total() == 50 - len(left)
        await channel.close()

    async def test_without_redis_a_limited_server_gets_nothing(self, sinks, settings: Settings, monkeypatch):
        monkeypatch.setattr(servers_module, "ROOM_SECONDS", 0.1)
        use_settings(settings.model_copy(update={"redis_url": "redis://127.0.0.1:9/0"}))
        channel = channel_to((sinks[0], "name=one&per_second=20"), (sinks[1], "name=two"))
        await channel.ready()
        assert {outcome.server for outcome in await channel.send(batch(10))} == {"two"}
        await channel.close()


async def test_the_doctor_names_every_server(sinks, settings: Settings):
    sinks[1].stop()
    sinks[2].script.greeting = "554 5.3.2 not today"
    urls = " ".join(f"{sink.url}&name={name}" for sink, name in zip(sinks, ("one", "two", "three"), strict=True))
    found = await checkup.mail_findings(settings.model_copy(update={"smtp_url": urls}))
    assert [(one.check, one.state.value) for one in found] == [
        ("Mail: one", "ok"),
        ("Mail: two", "fail"),
        ("Mail: three", "fail"),
    ]
    assert found[0].found == f"127.0.0.1:{sinks[0].port} says 220 sink ESMTP"
    assert found[1].found.startswith(f"SMTP_URL: 127.0.0.1:{sinks[1].port}: ")
    assert found[2].found == f"SMTP_URL: 127.0.0.1:{sinks[2].port} says '554 5.3.2 not today' instead of 220"


def test_one_server_without_a_limit_is_a_plain_channel():
    assert isinstance(mail_channel("smtp://mail.example"), SmtpChannel)


def test_a_way_out_is_as_wide_as_its_servers():
    def width(urls: str) -> int:
        return mail_channel(urls).at_once  # type: ignore[attr-defined]

    assert width("smtp://mail.example") == 8
    assert width("smtp://mail.example?connections=3") == 3
    assert width("smtp://one.example?connections=3 smtp://two.example?connections=4") == 7
    assert width("smtp://one.example?connections=3 smtp://spare.example?connections=4&weight=0") == 3


def test_the_options_of_each_server():
    one, two = servers_of("smtps://u:p@a.example?name=main&weight=3&per_second=50&connections=20 smtp://b.example:2525")
    assert (one.name, one.weight, one.per_second, one.connections, one.port) == ("main", 3, 50, 20, 465)
    assert (two.name, two.weight, two.per_second, two.connections) == ("b.example:2525", 1, 0, 8)
    assert "p" not in repr(server_of("smtp://u:zzz@a.example")).partition("password")[2][:3]


@pytest.mark.parametrize(
    ("urls", "words"),
    [
        ("smtp://a?weight=many", "weight should be a whole number from 0 to 1000, not 'many'"),
        ("smtp://a?connections=51", "connections should be a whole number from 1 to 50, not '51'"),
        ("smtp://a?per_second=-1", "per_second should be a whole number from 0 to 100000, not '-1'"),
        ("smtp://a smtp://a", "two servers are called 'a:25'; give each a name= of its own"),
        ("smtp://a?weight=0 smtp://b?weight=0", "every weight is 0; at least one server needs 1 or more"),
        ("smtp://a smtp://u:secret@", "each server should be a URL such as smtp://user:pass@host:587, not '...@'"),
        ("smtp://a, smtp://b", "'a,' is no host name; several servers are separated by blanks alone"),
        ("smtp://[::1", "holds no address that can be read"),
        ("smtp://a?name=", "name should be 1 to 60 letters, not ''"),
        ("smtp://a?speed=1", "'speed' is not an option"),
    ],
)
def test_a_wrong_url_is_named_in_one_line(urls: str, words: str):
    with pytest.raises(SettingsError) as caught:
        servers_of(urls)
    assert caught.value.detail.startswith("SMTP_URL: ")
    assert words in caught.value.detail
    assert "secret" not in caught.value.detail
    assert "\n" not in caught.value.detail
