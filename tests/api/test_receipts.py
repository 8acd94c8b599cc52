"""POST /api/receipts: who may report, what is refused, what is kept; and deciding by hand over the API."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.campaigns.message.composing import number_of
from app.database import collection
from app.receipts.service import ingest_due
from app.receipts.signature import HEADER, sign
from models import Member
from models.values import now
from tests.api.conftest import client_of
from tests.receipts.conftest import closed_signals, counts, reload, sent_campaign
from tests.signing_in import give_cookies

__all__ = ["closed_signals"]

JSON = {"Content-Type": "application/json"}


async def post(client: httpx.AsyncClient, body: Any, **headers: str) -> httpx.Response:
    """Report, signed unless the headers say otherwise."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.post("/api/receipts", content=content, headers={**JSON, HEADER: sign(content), **headers})


async def test_one_receipt_moves_the_delivery(stranger: httpx.AsyncClient):
    campaign, ids = await sent_campaign("sent")
    response = await post(stranger, {"delivery_id": ids[0], "event": "bounced", "reason": "550 5.1.1 no such user"})
    assert response.status_code == 202, response.text
    assert response.json() == {"accepted": 1, "repeated": 0, "unknown": []}
    await ingest_due()
    assert ((await reload(ids[0])).state, (await reload(ids[0])).reason) == ("bounced", "550 5.1.1 no such user")
    assert (await counts(campaign)).bounced == 1


async def test_our_message_id_and_the_vendors_reference_name_it_too(stranger: httpx.AsyncClient):
    campaign, ids = await sent_campaign("sent", "sent", "unknown")
    await collection("deliveries").update_one({"_id": ids[1]}, {"$set": {"reference": "SM42"}})
    own = number_of(campaign.id)((await reload(ids[0])).customer_id)
    report = [
        {"message_id": own, "event": "delivered"},
        {"reference": "SM42", "event": "delivered"},
        {"message_id": f"delivery.{ids[2].replace(':', '.')}@shop.example", "event": "delivered"},
    ]
    assert (await post(stranger, {"receipts": report})).json()["accepted"] == 3
    await ingest_due()
    assert {(await reload(id)).state.value for id in ids} == {"delivered"}
    assert (await counts(campaign)).unknown == 0


async def test_repeats_are_counted_and_unknown_ones_named(stranger: httpx.AsyncClient):
    _, ids = await sent_campaign("sent", "sent")
    first = {"delivery_id": ids[0], "event": "delivered", "id": "evt_1"}
    strange = ["0" * 24 + ":" + "1" * 24, "<other@example.com>", "SM7"]
    report = [
        first,
        first,
        {"delivery_id": ids[1], "event": "delivered", "id": "evt_2", "at": "2026-03-01T12:00:00+05:30"},
        {"delivery_id": strange[0], "event": "delivered"},
        {"message_id": strange[1], "event": "delivered"},
        {"reference": strange[2], "event": "delivered"},
    ]
    response = await post(stranger, {"receipts": report})
    assert (response.status_code, response.json()) == (202, {"accepted": 2, "repeated": 1, "unknown": strange})
    again = await post(stranger, {"receipts": report[:3]})
    assert again.json() == {"accepted": 0, "repeated": 3, "unknown": []}
    await ingest_due()
    assert len((await reload(ids[0])).history) == 1


async def test_a_report_before_the_vendors_answer_is_written_down_is_not_lost(stranger: httpx.AsyncClient):
    _, ids = await sent_campaign("sent")
    assert (await post(stranger, {"reference": "SM9", "event": "delivered"})).json()["unknown"] == ["SM9"]
    await collection("deliveries").update_one({"_id": ids[0]}, {"$set": {"reference": "SM9"}})
    await ingest_due()
    assert (await reload(ids[0])).state == "delivered"


async def test_whoever_is_in_the_audience_is_known_before_the_line_is_written(stranger: httpx.AsyncClient):
    campaign, ids = await sent_campaign("sent", "sent")
    rows = await collection("deliveries").find({}).to_list()
    await collection("deliveries").delete_many({})
    other = f"{campaign.id}:{'0' * 24}"
    response = await post(stranger, {"receipts": [{"delivery_id": id, "event": "delivered"} for id in (*ids, other)]})
    assert response.json() == {"accepted": 2, "repeated": 0, "unknown": [other]}
    await ingest_due()
    await collection("deliveries").insert_many(rows)
    await collection("receipts").update_many({}, {"$set": {"due_at": now()}})
    await ingest_due()
    assert (await counts(campaign)).delivered == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "event"),
        ({"event": "delivered"}, "delivery_id"),
        ({"event": "delivered", "delivery_id": "a:b", "reference": "c"}, "reference"),
        ({"event": "opened", "delivery_id": "a:b"}, "event"),
        ({"event": "bounced", "delivery_id": "a:b", "permanent": "perhaps"}, "permanent"),
        ({"event": "bounced", "delivery_id": "a:b", "surprise": 1}, "surprise"),
        ({"event": "bounced", "delivery_id": "a:b", "at": "0001-01-01T00:00:00+05:00"}, "at"),
        ({"event": "bounced", "delivery_id": "a:b", "at": "yesterday"}, "at"),
        ({"event": "bounced", "delivery_id": "a:b", "reason": "x" * 3_000}, "reason"),
        ({"event": "bounced", "delivery_id": {"$gt": ""}}, "delivery_id"),
        ({"receipts": []}, "receipts"),
        ({"receipts": {}}, "receipts"),
        ({"receipts": [{"event": "delivered", "delivery_id": "a:b"}] * 1_001}, "receipts"),
        (
            {"receipts": [{"event": "delivered", "delivery_id": "a:b"}] * 3 + [{"delivery_id": "a:b"}]},
            "receipts[3].event",
        ),
        ({"receipts": [{"event": "delivered"}]}, "receipts[0].delivery_id"),
        ({"receipts": [None]}, "receipts[0]"),
        ({"receipts": [], "event": "delivered"}, "receipts"),
        ([], "body"),
        ("x", "body"),
        (None, "body"),
    ],
)
async def test_bad_input_names_the_field_and_keeps_nothing(stranger: httpx.AsyncClient, body: Any, field: str):
    response = await post(stranger, body)
    assert response.status_code == 422, response.text
    assert field in [error["field"] for error in response.json()["errors"]], response.text
    assert await collection("receipts").count_documents({}) == 0


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"event": NaN}', b'{"event": "a", "event": "b"}'])
async def test_what_is_no_json_is_refused(stranger: httpx.AsyncClient, content: bytes):
    response = await post(stranger, content)
    assert response.status_code == 422, response.text


async def test_the_body_has_a_limit(stranger: httpx.AsyncClient):
    assert (await post(stranger, b" " * (11 * 1024 * 1024))).status_code == 413


class TestWhoMayReport:
    async def test_without_a_signature_nobody(self, stranger: httpx.AsyncClient):
        _, ids = await sent_campaign("sent")
        response = await stranger.post("/api/receipts", json={"delivery_id": ids[0], "event": "bounced"})
        assert response.status_code == 401
        assert response.headers["content-type"] == "application/problem+json"
        assert await collection("receipts").count_documents({}) == 0

    @pytest.mark.parametrize("wrong", ["other body", "old", "no digest", "junk", "empty"])
    async def test_with_a_wrong_one_nobody(self, stranger: httpx.AsyncClient, wrong: str):
        _, ids = await sent_campaign("sent")
        body = json.dumps({"delivery_id": ids[0], "event": "bounced"}).encode()
        moment = int(time.time())
        header = {
            "other body": sign(body + b" "),
            "old": sign(body, at=moment - 400),
            "no digest": f"t={moment}",
            "junk": "let me in",
            "empty": "",
        }[wrong]
        response = await post(stranger, body, **{HEADER: header})
        assert response.status_code == 401, response.text
        assert await collection("receipts").count_documents({}) == 0

    async def test_a_wrong_signature_is_not_healed_by_a_member(self, owner: httpx.AsyncClient):
        _, ids = await sent_campaign("sent")
        response = await post(owner, {"delivery_id": ids[0], "event": "bounced"}, **{HEADER: "junk"})
        assert response.status_code == 401

    async def test_a_member_who_may_send_may_try_it_and_a_viewer_not(self, app: FastAPI, bob: Member, charlie: Member):
        _, ids = await sent_campaign("sent")
        report = {"delivery_id": ids[0], "event": "delivered"}
        for member, status in ((charlie, 403), (bob, 202)):
            async with client_of(app, member) as client:
                assert (await client.post("/api/receipts", json=report)).status_code == status

    async def test_a_session_of_another_site_may_not(self, app: FastAPI, bob: Member):
        _, ids = await sent_campaign("sent")
        async with client_of(app) as client:
            await give_cookies(client, bob)
            response = await client.post(
                "/api/receipts",
                json={"delivery_id": ids[0], "event": "bounced"},
                headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
            )
        assert response.status_code == 403


async def test_it_is_documented(app: FastAPI):
    operation = app.openapi()["paths"]["/api/receipts"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert [option["title"] for option in schema["anyOf"]] == ["Receipts", "ReceiptInput"]
    assert "$ref" not in json.dumps(schema)
    assert any(HEADER in json.dumps(scheme) for scheme in app.openapi()["components"]["securitySchemes"].values())


class TestResolving:
    async def test_one(self, marketer: httpx.AsyncClient):
        campaign, ids = await sent_campaign("unknown")
        response = await marketer.post(f"/api/deliveries/{ids[0]}/resolve", json={"arrived": True})
        assert (response.status_code, response.json()["state"]) == (200, "sent"), response.text
        assert (await counts(campaign)).sent == 1
        again = await marketer.post(f"/api/deliveries/{ids[0]}/resolve", json={"arrived": True})
        assert again.status_code == 409

    async def test_all(self, marketer: httpx.AsyncClient):
        campaign, _ = await sent_campaign("unknown", "unknown", "sent")
        response = await marketer.post(f"/api/campaigns/{campaign.id}/resolve", json={"arrived": False})
        assert (response.status_code, response.json()) == (200, {"resolved": 2})
        assert (await counts(campaign)).failed == 2

    @pytest.mark.parametrize("body", [{}, {"arrived": None}, {"arrived": "maybe"}, {"arrived": True, "x": 1}])
    async def test_bad_input(self, marketer: httpx.AsyncClient, body: Any):
        _, ids = await sent_campaign("unknown")
        assert (await marketer.post(f"/api/deliveries/{ids[0]}/resolve", json=body)).status_code == 422
