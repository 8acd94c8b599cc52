"""`/api/campaigns` and `/api/deliveries` over HTTP; the sending itself is tested with the sender."""

from __future__ import annotations

import pytest

from models import Customer, Delivery
from models.values import now

EVERYBODY = {"combinator": "and", "rules": []}


@pytest.fixture
async def segment(marketer) -> str:
    await Customer(first_name="Ann", email="ann@example.com", email_opt_in=True).insert()
    await Customer(first_name="Bob", email="bob@example.com").insert()
    rule = {"combinator": "and", "rules": [{"field": "email", "operator": "notNull"}]}
    response = await marketer.post("/api/segments", json={"name": "Everybody", "rule": rule})
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


@pytest.fixture
def draft(segment: str) -> dict[str, object]:
    return {
        "name": "Spring",
        "subject": "Hello {{ customer.first_name }}",
        "body": "<p>Hello {{ customer.first_name }}</p>",
        "segment_ids": [segment],
    }


async def test_a_draft_and_its_rehearsal(marketer, viewer, draft):
    response = await marketer.post("/api/campaigns", json=draft)
    assert response.status_code == 201, response.text
    campaign = response.json()
    assert (campaign["state"], campaign["counts"]["audience"], campaign["started_at"]) == ("draft", 0, None)
    path = f"/api/campaigns/{campaign['id']}"
    assert (await viewer.get(path)).json() == campaign
    rehearsal = (await viewer.post(f"{path}/rehearse")).json()
    assert rehearsal["ready"], rehearsal
    assert (rehearsal["estimate"]["audience"], rehearsal["estimate"]["reachable"]) == (2, 1)
    assert rehearsal["sample"]["subject"] == "Hello Ann"
    assert "Hello Ann" in rehearsal["sample"]["html"]
    changed = await marketer.patch(path, json={"segment_ids": [], "throttle_per_second": None})
    assert changed.status_code == 200, changed.text
    rehearsal = (await viewer.post(f"{path}/rehearse")).json()
    assert (rehearsal["ready"], [one["field"] for one in rehearsal["problems"]]) == (False, ["segment_ids"])
    page = (await viewer.get("/api/campaigns", params={"state": "draft"})).json()
    assert [one["id"] for one in page["items"]] == [campaign["id"]]
    assert (await marketer.delete(path)).status_code == 204
    assert (await viewer.get(path)).status_code == 404


async def test_sending_moves_the_state_and_twice_is_a_conflict(marketer, draft):
    campaign = (await marketer.post("/api/campaigns", json=draft)).json()
    path = f"/api/campaigns/{campaign['id']}"
    assert (await marketer.post(f"{path}/resume")).status_code == 409
    sent = await marketer.post(f"{path}/send")
    assert (sent.status_code, sent.json()["state"]) == (200, "preparing")
    assert (await marketer.post(f"{path}/send")).status_code == 409
    assert (await marketer.patch(path, json={"name": "Late"})).status_code == 409
    assert (await marketer.post(f"{path}/pause")).json()["state"] == "paused"
    assert (await marketer.post(f"{path}/resume")).status_code == 200
    assert (await marketer.post(f"{path}/cancel")).json()["state"] == "cancelled"
    assert (await marketer.post(f"{path}/retry", json={"what": "unknown"})).status_code == 409


async def test_wrong_fields_are_named(marketer, draft):
    for change, field in (
        ({"name": ""}, "name"),
        ({"subject": "Hi {{ customer.frist_name }}"}, "subject"),
        ({"body": "{% if %}"}, "body"),
        ({"segment_ids": ["x"]}, "segment_ids[0]"),
        ({"segment_ids": ["0" * 24]}, "segment_ids"),
        ({"throttle_per_second": 0}, "throttle_per_second"),
        ({"holdout_percent": 99}, "holdout_percent"),
        ({"channel": "pigeon"}, "channel"),
        ({"sujbect": "x"}, "sujbect"),
    ):
        response = await marketer.post("/api/campaigns", json={**draft, **change})
        assert response.status_code == 422, (change, response.text)
        assert response.json()["errors"][0]["field"] == field, (change, response.text)


async def test_deliveries_are_listed_and_erased_people_leave_no_address(owner, marketer, draft):
    campaign = (await marketer.post("/api/campaigns", json=draft)).json()
    customer = await Customer.find_one(Customer.first_name == "Ann")
    assert customer is not None
    moment = now()
    key = f"{campaign['id']}:{customer.id}"
    await Delivery(
        id=key,
        campaign_id=campaign["id"],
        customer_id=customer.id,
        chunk=0,
        state="sent",
        channel="email",
        address="ann@example.com",
        name="Ann",
        created_at=moment,
        updated_at=moment,
        sent_at=moment,
    ).insert()
    path = f"/api/campaigns/{campaign['id']}/deliveries"
    page = (await marketer.get(path, params={"state": "sent"})).json()
    assert [(one["id"], one["address"]) for one in page["items"]] == [(key, "ann@example.com")]
    assert (await marketer.get(path, params={"state": "failed"})).json()["items"] == []
    timeline = (await marketer.get(f"/api/customers/{customer.id}/timeline")).json()
    assert timeline["items"][0]["delivery"]["campaign_name"] == "Spring"
    assert (await owner.post(f"/api/customers/{customer.id}/erase")).status_code == 200
    found = (await marketer.get(f"/api/deliveries/{key}")).json()
    assert (found["address"], found["name"], found["state"]) == (None, "", "sent")
    for id in ("x", "a:b", "0" * 24):
        assert (await marketer.get(f"/api/deliveries/{id}")).status_code == 404


async def test_a_plan_is_taken_and_shown_as_it_was_given(marketer, draft):
    plan = {
        "preview_text": "Soon",
        "ambiguity": "resend",
        "window_messages": 100,
        "window_minutes": 60,
        "warm_up": {"first_day": 20, "growth": 3.0},
        "repeat": {"every": 2, "unit": "week", "until": "2031-06-01T09:00:00Z"},
        "scheduled_at": "2031-01-06T09:00",
    }
    response = await marketer.post("/api/campaigns", json={**draft, **plan})
    assert response.status_code == 201, response.text
    shown = response.json()
    # The shop is in Asia/Kolkata.
    assert {name: shown[name] for name in plan} == {**plan, "scheduled_at": "2031-01-06T03:30:00Z"}
    assert (shown["standing"], shown["simulation"], shown["archived_at"], shown["series_id"]) == (
        False,
        None,
        None,
        None,
    )
    path = f"/api/campaigns/{shown['id']}"
    refused = await marketer.patch(path, json={"scheduled_at": None})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "scheduled_at")
    changed = await marketer.patch(path, json={"repeat": None, "standing": True, "warm_up": None})
    assert (changed.json()["repeat"], changed.json()["standing"], changed.json()["warm_up"]) == (None, True, None)
    simulated = {"channel": "simulator", "simulation": {"seed": 3, "failed": 0.2}}
    assert (await marketer.patch(path, json=simulated)).json()["simulation"]["failed"] == 0.2
    back = await marketer.patch(path, json={"channel": "email"})
    assert (back.status_code, back.json()["errors"][0]["field"]) == (422, "simulation")


async def test_copies_and_the_archive(marketer, viewer, draft):
    campaign = (await marketer.post("/api/campaigns", json=draft)).json()
    path = f"/api/campaigns/{campaign['id']}"
    copy = await marketer.post(f"{path}/duplicate")
    assert (copy.status_code, copy.json()["name"], copy.json()["state"]) == (201, "Spring (copy)", "draft")
    assert (await marketer.post(f"{path}/archive")).json()["archived_at"] is not None
    listed = (await viewer.get("/api/campaigns")).json()["items"]
    assert [one["id"] for one in listed] == [copy.json()["id"]]
    archived = (await viewer.get("/api/campaigns", params={"archived": True})).json()["items"]
    assert [one["id"] for one in archived] == [campaign["id"]]
    assert (await marketer.post(f"{path}/unarchive")).json()["archived_at"] is None
    assert (await marketer.post(f"{path}/finish")).status_code == 409
    await marketer.post(f"{path}/send")
    assert (await marketer.post(f"{path}/archive")).status_code == 409
    assert (await viewer.get("/api/campaigns", params={"series_id": "nonsense"})).status_code == 422
