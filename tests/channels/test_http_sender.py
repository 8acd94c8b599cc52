"""Text messages and webhooks against a real HTTP server: what each answer, silence and broken connection means."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from bson import ObjectId

from app.channels import http_sender
from app.channels.base import Message, Outcome, Result, Unreachable
from app.channels.http_sender import AT_ONCE, HttpSender, Post
from app.channels.mapping import DEFAULT, JsonMapping
from app.channels.sms import SmsChannel
from app.channels.webhook import WebhookChannel
from app.errors import SettingsError
from app.settings import read_settings
from tests.fakes.vendor import DropAfter, DropBefore, Hang, Say, Step, Vendor


def message(number: int = 0, **fields: Any) -> Message:
    given: dict[str, Any] = {
        "id": f"c:{number}",
        "campaign_id": ObjectId(),
        "customer_id": ObjectId(),
        "sender": "Bean Shop <shop@beans.example>",
        "recipient": "+49301234567",
        "name": "Ann Lee",
        "subject": "",
        "html": "",
        "text": "Hello Ann",
        "message_id": "",
    }
    return Message(**{**given, **fields})


@pytest.fixture
async def sender_to() -> AsyncIterator[Callable[..., HttpSender]]:
    """Senders that are closed at the end."""
    made: list[HttpSender] = []

    def make(url: str, **more: Any) -> HttpSender:
        made.append(HttpSender(url, setting="SMS_URL", **more))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def answer(make: Callable[..., HttpSender], *script: Step) -> Outcome:
    """What becomes of one message when the vendor does this."""
    with Vendor(*script) as vendor:
        return (await make(vendor.url).send([Post(id="c:1", body=b"{}")]))[0]


@pytest.mark.parametrize(
    ("step", "result", "words", "slow_down"),
    [
        (Say(200), Result.ACCEPTED, "", False),
        (Say(204, b""), Result.ACCEPTED, "", False),
        (Say(429, {"message": "Too many"}, {"Retry-After": "30"}), Result.TEMPORARY, "429 Too many", True),
        (Say(429, b""), Result.TEMPORARY, "429 Too Many Requests", True),
        (Say(503, b"", {"Retry-After": "5"}), Result.TEMPORARY, "503 Service Unavailable", True),
        (Say(503, b""), Result.TEMPORARY, "503 Service Unavailable", False),
        (Say(408, b""), Result.TEMPORARY, "408 Request Timeout", False),
        (Say(500, b"<h1>Oops</h1>\n\n\x00here"), Result.TEMPORARY, "500 <h1>Oops</h1> here", False),
        (Say(599, b""), Result.TEMPORARY, "599 without a word", False),
        (Say(400, {"error": {"message": "Not a\r\nnumber"}}), Result.PERMANENT, "400 Not a number", False),
        (Say(422, {"errors": [{"detail": "to is wrong"}]}), Result.PERMANENT, "422 to is wrong", False),
        (Say(404, b""), Result.PERMANENT, "404 Not Found", False),
        (
            Say(302, b"", {"Location": "http://127.0.0.1:1/else"}),
            Result.PERMANENT,
            "302: the vendor redirects to http://127.0.0.1:1/else; redirects are not followed",
            False,
        ),
    ],
)
async def test_what_a_status_means(sender_to, step: Say, result: Result, words: str, slow_down: bool):
    outcome = await answer(sender_to, step)
    assert (outcome.result, outcome.words, outcome.slow_down) == (result, words, slow_down)
    assert outcome.server.startswith("127.0.0.1:")


async def test_a_long_answer_is_cut_and_one_that_never_ends_does_no_harm(sender_to, monkeypatch):
    outcome = await answer(sender_to, Say(400, b"no " * 100_000))
    assert (outcome.words[:10], len(outcome.words)) == ("400 no no ", 500)
    monkeypatch.setattr(http_sender, "TIMEOUT", httpx.Timeout(5.0, read=0.2))
    dripping = await answer(sender_to, Say(202, b'{"id": "x"', drip=True))
    assert dripping.result is Result.ACCEPTED


@pytest.mark.parametrize(
    ("body", "reference"),
    [
        ({"id": 17}, "17"),
        ({"message_id": "m-1"}, "m-1"),
        ({"sid": "SM1"}, "SM1"),
        ({"reference": "r"}, "r"),
        ({"messages": [{"id": "wamid.1"}]}, "wamid.1"),
        ({"data": {"sid": "deep"}}, "deep"),
        ({"id": None, "ok": True}, ""),
        (["id"], ""),
        (b"OK", ""),
        (b"[" * 20_000, ""),
    ],
)
async def test_the_vendors_own_id_is_kept(sender_to, body: Any, reference: str):
    assert (await answer(sender_to, Say(201, body))).reference == reference


async def test_silence_after_the_message_went_out_is_ambiguous(sender_to, monkeypatch):
    assert (await answer(sender_to, DropAfter())).result is Result.AMBIGUOUS
    monkeypatch.setattr(http_sender, "TIMEOUT", httpx.Timeout(5.0, read=0.5))
    outcome = await answer(sender_to, Hang())
    assert outcome.result is Result.AMBIGUOUS
    assert "gave no answer in time; the message may or may not have arrived" in outcome.words


async def test_the_whole_request_has_an_end(sender_to, monkeypatch):
    monkeypatch.setattr(http_sender, "LONGEST_SECONDS", 1.0)
    assert (await answer(sender_to, Hang())).result is Result.AMBIGUOUS


async def test_a_connection_that_ends_at_once_never_counts_as_taken(sender_to):
    with Vendor(DropBefore()) as vendor:
        outcome = (await sender_to(vendor.url).send([Post(id="c:1", body=b"x" * 5_000_000)]))[0]
        assert outcome.result in (Result.TEMPORARY, Result.AMBIGUOUS)
        assert vendor.got == []


async def test_nobody_there_means_untouched_and_a_pause(sender_to):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    sender = sender_to(f"http://127.0.0.1:{port}/x")
    await sender.ready()
    outcomes = await sender.send([Post(id=f"c:{n}", body=b"{}") for n in range(40)])
    assert {outcome.result for outcome in outcomes} == {Result.UNTOUCHED}
    assert f"127.0.0.1:{port} cannot be reached" in outcomes[0].words
    assert "SMS_URL" in outcomes[0].words
    with pytest.raises(Unreachable) as caught:
        await sender.ready()
    assert 0 < caught.value.retry_in <= 1.0


async def test_a_name_that_does_not_exist_means_untouched(sender_to):
    outcome = (await sender_to("http://vendor.invalid/x").send([Post(id="c:1", body=b"{}")]))[0]
    assert outcome.result is Result.UNTOUCHED
    assert "vendor.invalid cannot be reached" in outcome.words


async def test_a_refused_sign_in_fails_nobody(sender_to):
    with Vendor(*[Say(401, {"message": "bad token"})] * 20) as vendor:
        sender = sender_to(vendor.url)
        outcomes = await sender.send([Post(id=f"c:{n}", body=b"{}") for n in range(3)])
        assert {outcome.result for outcome in outcomes} == {Result.UNTOUCHED}
        assert "refuses our sign-in (401: bad token)" in outcomes[0].words
        with pytest.raises(Unreachable):
            await sender.ready()


async def test_answers_come_in_the_order_of_the_messages_over_few_connections(sender_to):
    script = [Say(202 if n % 3 else 400, {"id": f"a{n}"}) for n in range(100)]
    with Vendor(*script) as vendor:
        accepted: list[str] = []
        sender = sender_to(vendor.url, accepted=accepted.append)
        outcomes = await sender.send([Post(id=f"c:{n}", body=b"{}") for n in range(100)])
        assert sorted(vendor.ids) == sorted(f"c:{n}" for n in range(100))
        said = dict(zip(vendor.ids, script, strict=True))
        for number, outcome in enumerate(outcomes):
            assert (outcome.result is Result.ACCEPTED) == (said[f"c:{number}"].status == 202)
        assert set(accepted) == {id for id, step in said.items() if step.status == 202}
        assert vendor.connections <= AT_ONCE
        assert vendor.busiest <= AT_ONCE


async def test_several_chunks_at_once_share_the_connections(sender_to):
    with Vendor() as vendor:
        sender = sender_to(vendor.url)
        sends = [sender.send([Post(id=f"{m}:{n}", body=b"{}") for n in range(30)]) for m in range(4)]
        for outcomes in await asyncio.gather(*sends):
            assert {outcome.result for outcome in outcomes} == {Result.ACCEPTED}
        assert len(set(vendor.ids)) == 120
        assert vendor.busiest <= AT_ONCE
        assert vendor.connections <= AT_ONCE


async def test_what_was_withdrawn_is_not_posted(sender_to):
    with Vendor() as vendor:
        offered: list[str] = []

        def offer(id: str) -> bool:
            offered.append(id)
            return id != "c:1"

        outcomes = await sender_to(vendor.url, offer=offer).send([Post(id=f"c:{n}", body=b"{}") for n in range(3)])
        assert [one.result for one in outcomes] == [Result.ACCEPTED, Result.UNTOUCHED, Result.ACCEPTED]
        assert sorted(vendor.ids) == ["c:0", "c:2"]
        assert sorted(offered) == ["c:0", "c:1", "c:2"]


async def test_a_text_message_as_the_mapping_says(sender_to):
    source = '{"messaging_product": "whatsapp", "to": "{{to}}", "text": {"body": "{{ text }}"}, "n": [1, "{{ id }}"]}'
    mapping = JsonMapping(source)
    with Vendor() as vendor:
        channel = SmsChannel(sender_to(vendor.url, token="t0ken", secret="s3cret"), mapping)
        await channel.ready()
        text = 'Grüße "}, {{ to }} \\ 😀\nx'
        await channel.send([message(1, text=text)])
        await channel.send([message(1, text=text)])
        first, again = vendor.got
        assert first.json == {
            "messaging_product": "whatsapp",
            "to": "+49301234567",
            "text": {"body": text},
            "n": [1, "c:1"],
        }
        assert first.headers["authorization"] == "Bearer t0ken"
        assert first.headers["idempotency-key"] == again.headers["idempotency-key"] == "c:1"
        assert first.signed_with("s3cret")
        assert not first.signed_with("other")
        await channel.close()


async def test_the_default_mapping(sender_to):
    with Vendor() as vendor:
        await SmsChannel(sender_to(vendor.url), JsonMapping(DEFAULT)).send([message()])
        post = vendor.got[0]
        assert post.json == {"to": "+49301234567", "from": "Bean Shop", "text": "Hello Ann", "reference": "c:0"}
        assert "authorization" not in post.headers
        assert "x-cohort-signature" not in post.headers


async def test_a_webhook_tells_campaign_and_customer(sender_to):
    with Vendor() as vendor:
        channel = WebhookChannel(sender_to(vendor.url, secret="s3cret"))
        data = {"campaign": {"id": "c", "name": "Spring"}, "customer": {"first_name": "Änn"}}
        outcome = (await channel.send([message(subject="Title", data=data)]))[0]
        assert outcome.reference == "v1"
        post = vendor.got[0]
        assert post.json == {
            "id": "c:0",
            **data,
            "to": "+49301234567",
            "name": "Ann Lee",
            "subject": "Title",
            "text": "Hello Ann",
        }
        assert post.signed_with("s3cret")
        assert post.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("to={{ to }}", "should be a JSON object such as"),
        ('["{{ to }}", "{{ text }}"]', "should be a JSON object such as"),
        ('{"to": "{{ to }}"}', "should hold {{ text }}, the message"),
        ('{"to": "{{ phone }}", "text": "{{ text }}"}', "holds {{ phone }}, but there are only {{ to }}"),
        ('{"a": "{{ to }}", "b": {"c": ["{{ txt }}"]}}', "holds {{ txt }}, but there are only"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(source: str, told: str):
    with pytest.raises(ValueError, match=r"^(should|holds) ") as caught:
        JsonMapping(source)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_mapping_ends_the_start_with_one_line():
    with pytest.raises(SettingsError) as caught:
        read_settings(_env_file=None, sms_body='{"to": "{{ to }}"}')
    assert caught.value.detail == "SMS_BODY: should hold {{ text }}, the message"
    assert read_settings(_env_file=None, sms_body=DEFAULT).sms_body == DEFAULT


def test_an_address_nobody_can_post_to_names_its_setting():
    with pytest.raises(SettingsError, match=r"^SMS_URL: "):
        HttpSender("http://[::1/x", setting="SMS_URL")


def test_what_is_filled_in_stays_in_its_text():
    values = {"to": '","admin":"', "from": "{{ text }}", "text": "\u2028\x00\ud800", "id": "i"}
    found = json.loads(JsonMapping(DEFAULT).fill(values))
    assert found == {"to": values["to"], "from": "{{ text }}", "text": values["text"], "reference": "i"}
