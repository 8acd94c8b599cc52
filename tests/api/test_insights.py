"""Suggested messages and insights through REST."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from app.customers.service import create_customer
from app.orders.service import create_order
from models import Campaign, Member
from models.values import now


async def test_messages_without_ai_come_from_templates(marketer: httpx.AsyncClient):
    body = {"brief": "Tell them that the autumn shoes are here", "tone": "warm"}
    answer = await marketer.post("/api/campaigns/suggest-messages", json=body)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["source"], found["note"]) == ("templates", None)
    assert len(found["drafts"]) == 3
    assert all("The autumn shoes are here." in draft["body"] for draft in found["drafts"])
    assert all(set(draft) == {"subject", "preview", "body"} for draft in found["drafts"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "brief"),
        ({"brief": ""}, "brief"),
        ({"brief": "   "}, "brief"),
        ({"brief": "x" * 1001}, "brief"),
        ({"brief": "Say hello", "tone": "angry"}, "tone"),
        ({"brief": "Say hello", "channel": "pigeon"}, "channel"),
        ({"brief": "Say hello", "channel": "sms"}, "channel"),
        ({"brief": "Say hello", "segment_ids": ["x"]}, "segment_ids[0]"),
        ({"brief": "Say hello", "segment_ids": ["0" * 24]}, "segment_ids[0]"),
        ({"brief": "Say hello", "segment_ids": ["0" * 24] * 11}, "segment_ids"),
        ({"brief": "Say hello", "style": "x"}, "style"),
    ],
)
async def test_wrong_input_names_its_field(marketer: httpx.AsyncClient, body: dict, field: str):
    answer = await marketer.post("/api/campaigns/suggest-messages", json=body)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_the_shop_says_when_there_is_not_enough(viewer: httpx.AsyncClient):
    found = (await viewer.get("/api/insights/shop")).json()
    assert (found["source"], found["sentences"], found["facts"]) == ("computed", [], [])
    assert "not enough data" in found["note"]


async def test_a_customer_in_sentences_that_cite_facts(viewer: httpx.AsyncClient, alice: Member):
    ann = await create_customer(alice, {"first_name": "Ann", "email": "ann@example.com"})
    for days in (90, 60, 30):
        order = {
            "customer_id": str(ann.id),
            "amount": "20.00",
            "currency": "USD",
            "placed_at": (now() - timedelta(days=days)).isoformat(),
        }
        await create_order(alice, order)
    found = (await viewer.get(f"/api/insights/customers/{ann.id}")).json()
    facts = {fact["id"]: fact for fact in found["facts"]}
    assert facts["spent"]["unit"] == "money"
    assert facts["usual_gap"]["value"] == "30"
    assert found["sentences"]
    assert all(set(sentence["facts"]) <= set(facts) for sentence in found["sentences"])
    assert "ann" not in str(found).casefold().replace("answer", "")


async def test_a_campaign_that_has_not_ended(viewer: httpx.AsyncClient, alice: Member):
    campaign = await Campaign(name="Draft", subject="x", body="y").insert()
    found = (await viewer.get(f"/api/insights/campaigns/{campaign.id}")).json()
    assert (found["facts"], found["note"]) == ([], "The campaign has not ended yet.")


@pytest.mark.parametrize("path", ["campaigns", "customers"])
async def test_what_does_not_exist_is_not_found(viewer: httpx.AsyncClient, path: str):
    for id in ("0" * 24, "x"):
        assert (await viewer.get(f"/api/insights/{path}/{id}")).status_code == 404
