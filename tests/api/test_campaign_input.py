"""What may not be said of a campaign: refused by name when it is written, and once more before anything is sent."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from bson import ObjectId
from fastapi import FastAPI

from app.database import collection
from app.settings import Settings, use_settings
from models import Customer

TEXT_KINDS = ("sms", "webhook")
MAIL_KINDS = ("email", "outbox", "simulator")
KINDS = (*MAIL_KINDS, *TEXT_KINDS)


@pytest.fixture(autouse=True)
def vendors(app: FastAPI, settings: Settings) -> None:
    """Every channel is offered; nobody is there, and nothing may be sent."""
    use_settings(
        settings.model_copy(update={"sms_url": "http://127.0.0.1:9/sms", "webhook_url": "http://127.0.0.1:9/hook"})
    )


@pytest.fixture
async def segment(marketer: httpx.AsyncClient) -> str:
    await Customer(
        first_name="Ann", email="ann@example.com", phone="+49301234567", email_opt_in=True, sms_opt_in=True
    ).insert()
    rule = {"combinator": "and", "rules": [{"field": "email", "operator": "notNull"}]}
    return str((await marketer.post("/api/segments", json={"name": "All", "rule": rule})).json()["id"])


def good(channel: str, segment: str) -> dict[str, Any]:
    subject = {"subject": "Hello"} if channel in MAIL_KINDS else {}
    return {"name": "Spring", "channel": channel, "body": "Hi {{ shop }}", "segment_ids": [segment], **subject}


LINES = (
    ("Hello\r\nBcc: eve@example.com", "must be one line"),
    ("Hello\nX-Evil: 1", "must be one line"),
    ("Hello\x0bthere", "must be one line"),
    ("Hello\u2028there", "must be one line"),
    ("x" * 65_536, "is 64 KB; the most is 8 KB"),
    ("x" * 300, None),
    ("{{ customer.frist_name }}", "did you mean customer.first_name?"),
    ("{{ customer.first_name", "expected '}}'"),
    ("{% if shop %}x", "expected tag endif"),
    ("{{ shop | shout }}", "uses the filter 'shout'"),
    ("{% include 'x' %}", "unexpected tag 'include'"),
)

BODIES = (
    ("x" * 140_000, "is 136 KB; the most is 128 KB"),
    ("{{" * 30_000, "expected '}}'"),
    ("{{ customer.password }}", "is not a merge tag"),
    ("{% for i in (1..100000) %}x{% endfor %}", "repeats too often"),
    ("{% for i in (1..1000) %}" + "{% assign a = shop %}" * 900 + "{% endfor %}", "takes too long"),
    ("{% if %}", "line 1, {% if %}"),
    ("Hi\n{% endif %}", "line 2"),
    ("{{ shop }}" * 1_001, "a message may hold 1,000"),
    ("   ", "should"),
)


def told(response: httpx.Response, field: str, words: str | None) -> None:
    """The answer is a refusal that names this field."""
    assert response.status_code == 422, response.text[:500]
    errors = {error["field"]: error["message"] for error in response.json()["errors"]}
    assert field in errors, errors
    assert words is None or words in errors[field]


@pytest.mark.parametrize("channel", ["email", "webhook"])
@pytest.mark.parametrize(("line", "words"), LINES)
async def test_a_wrong_subject(marketer, segment: str, channel: str, line: str, words: str | None):
    response = await marketer.post("/api/campaigns", json={**good(channel, segment), "subject": line})
    told(response, "subject", words)


@pytest.mark.parametrize(("line", "words"), LINES)
async def test_a_wrong_preview_line(marketer, segment: str, line: str, words: str | None):
    response = await marketer.post("/api/campaigns", json={**good("email", segment), "preview_text": line})
    told(response, "preview_text", None if len(line) > 200 else words)


@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize(("body", "words"), BODIES)
async def test_a_wrong_body_is_refused_in_good_time(marketer, segment: str, channel: str, body: str, words: str):
    started = time.process_time()
    response = await marketer.post("/api/campaigns", json={**good(channel, segment), "body": body})
    told(response, "body", words)
    assert time.process_time() - started < 3
    assert await collection("campaigns").count_documents({}) == 0


@pytest.mark.parametrize("channel", KINDS)
async def test_ten_megabytes(marketer, segment: str, channel: str):
    for field in ("body", "subject", "name", "preview_text"):
        response = await marketer.post("/api/campaigns", json={**good(channel, segment), field: "x" * 10_000_000})
        assert response.status_code in (413, 422), response.text[:300]
    assert await collection("campaigns").count_documents({}) == 0


@pytest.mark.parametrize("channel", TEXT_KINDS)
async def test_what_a_channel_has_not_is_refused(marketer, segment: str, channel: str):
    response = await marketer.post("/api/campaigns", json={**good(channel, segment), "preview_text": "Look"})
    told(response, "preview_text", "should be left out")


async def test_too_many_text_messages(marketer, segment: str):
    for body in ("x" * 1_531, "ж" * 671):
        response = await marketer.post("/api/campaigns", json={**good("sms", segment), "body": body})
        told(response, "body", "would take 11 text messages when filled in; the most is 10")
    for body in ("x" * 1_530, "ж" * 670):
        response = await marketer.post("/api/campaigns", json={**good("sms", segment), "body": body})
        assert response.status_code == 201


async def test_a_channel_that_is_not_set_up_names_its_setting(marketer, segment: str, settings: Settings):
    use_settings(settings)
    for channel, setting in (("sms", "SMS_URL"), ("webhook", "WEBHOOK_URL")):
        response = await marketer.post("/api/campaigns", json=good(channel, segment))
        told(response, "channel", setting)


async def test_a_name_stays_one_line(marketer, segment: str):
    response = await marketer.post("/api/campaigns", json={**good("email", segment), "name": "A\r\nBcc: x@y.z"})
    assert response.status_code in (201, 422)
    if response.status_code == 201:
        assert response.json()["name"] == "A Bcc: x@y.z"
    for name in ("", "   "):
        told(await marketer.post("/api/campaigns", json={**good("email", segment), "name": name}), "name", "empty")
    long = {**good("email", segment), "name": "x" * 121}
    told(await marketer.post("/api/campaigns", json=long), "name", "120 characters at most")
    told(await marketer.post("/api/campaigns", json={**good("email", segment), "name": "A\x00B"}), "name", None)
    told(await marketer.post("/api/campaigns", json={**good("email", segment), "name": "A\x1b[2J"}), "name", None)


@pytest.mark.parametrize("channel", ["email", "sms", "webhook"])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("body", "{{ customer.password }}"),
        ("body", "{% if %}"),
        ("body", ""),
        ("body", "{{" * 30_000),
        ("body", "x" * 10_000_000),
        ("subject", "Hello\r\nBcc: eve@example.com"),
        ("subject", "x" * 65_536),
        ("preview_text", "Look\r\nBcc: eve@example.com"),
    ],
)
async def test_what_came_into_the_database_otherwise_is_not_sent(
    marketer, segment: str, channel: str, field: str, value: str
):
    """Merge tags may be taken away by an upgrade, and a campaign be written by something older."""
    created = await marketer.post("/api/campaigns", json=good(channel, segment))
    id = created.json()["id"]
    await collection("campaigns").update_one({"_id": ObjectId(id)}, {"$set": {field: value}})
    told(await marketer.post(f"/api/campaigns/{id}/send"), field, None)
    address = "+49301234567" if channel == "sms" else "ann@example.com"
    told(await marketer.post(f"/api/campaigns/{id}/test", json={"addresses": [address]}), field, None)
    for collected in ("deliveries", "chunks", "outbox"):
        assert await collection(collected).count_documents({}) == 0


@pytest.mark.parametrize(
    "address", ["änn@", "ann@exa mple.com", "ann@example.com\r\nRCPT TO:<eve@x.y>", "@", "ann", ""]
)
async def test_test_addresses(marketer, segment: str, address: str):
    id = (await marketer.post("/api/campaigns", json=good("outbox", segment))).json()["id"]
    path = f"/api/campaigns/{id}/test"
    told(await marketer.post(path, json={"addresses": ["ann@example.com", address]}), "addresses[1]", None)
    answer = await marketer.post(path, json={"addresses": ["bärbel@müller.example", "ann@example.com"]})
    assert [one["sent"] for one in answer.json()["results"]] == [True, True]


async def test_an_address_outside_ascii_that_cannot_be_used_fails_alone(marketer, segment: str):
    response = await marketer.post(
        "/api/customers", json={"first_name": "Eve", "email": "eve@exa\u200bmple.com", "email_opt_in": True}
    )
    assert response.status_code == 422, response.text
