"""`/api/deliveries` and the CSV files of the log: filters, bad input, odd characters."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from bson import ObjectId

from app.database import collection
from models import Campaign
from models.campaign import CampaignState, Channel
from models.delivery import DeliveryState
from models.values import now


@pytest.fixture
async def campaign(database) -> Campaign:
    """A campaign called `=Winter` with a sent, a failed and an unknown message."""
    campaign = await Campaign(
        name="=Winter", channel=Channel.EMAIL, state=CampaignState.DONE, audience=3, subject="Hello"
    ).insert()
    for number, (state, reason) in enumerate(
        [(DeliveryState.SENT, None), (DeliveryState.FAILED, "552 5.2.2 full"), (DeliveryState.UNKNOWN, "broke")]
    ):
        moment = now() - timedelta(hours=number)
        await collection("deliveries").insert_one(
            {
                "_id": f"{campaign.id}:{ObjectId()}",
                "campaign_id": campaign.id,
                "customer_id": ObjectId(),
                "chunk": 0,
                "state": state,
                "channel": Channel.EMAIL,
                "address": f"p{number}@example.com",
                "domain": "example.com",
                "name": f'@P{number} "é"',
                "server": "mx1",
                "reason": reason,
                "attempts": 1,
                "created_at": moment,
                "updated_at": moment,
                "sent_at": moment if state is DeliveryState.SENT else None,
                "history": [{"at": moment, "state": state, "words": reason}] if reason else [],
            }
        )
    return campaign


async def test_the_list_over_everything_and_one_line_of_it(viewer, campaign: Campaign):
    page = (await viewer.get("/api/deliveries", params={"limit": 2})).json()
    assert [one["state"] for one in page["items"]] == ["sent", "failed"]
    rest = (await viewer.get("/api/deliveries", params={"limit": 2, "cursor": page["next_cursor"]})).json()
    assert ([one["state"] for one in rest["items"]], rest["next_cursor"]) == (["unknown"], None)
    failed = page["items"][1]
    assert (failed["server"], failed["domain"], failed["reason"]) == ("mx1", "example.com", "552 5.2.2 full")
    assert [event["words"] for event in failed["history"]] == ["552 5.2.2 full"]
    assert (await viewer.get(f"/api/deliveries/{failed['id']}")).json() == failed


@pytest.mark.parametrize(
    ("narrowed", "states"),
    [
        ({"state": "failed"}, ["failed"]),
        ({"error": "mailbox-full"}, ["failed"]),
        ({"error": "broke"}, ["unknown"]),
        ({"domain": "example.com", "channel": "email"}, ["sent", "failed", "unknown"]),
        ({"domain": "other.example"}, []),
        ({"channel": "sms"}, []),
    ],
)
async def test_both_lists_and_both_files_narrow_alike(marketer, campaign: Campaign, narrowed, states):
    for path in ("/api/deliveries", f"/api/campaigns/{campaign.id}/deliveries"):
        answer = (await marketer.get(path, params=narrowed)).json()
        assert [one["state"] for one in answer["items"]] == states
        response = await marketer.get(f"{path}.csv", params=narrowed)
        assert [row["state"] for row in csv.DictReader(io.StringIO(response.text))] == states


async def test_times_and_the_customer(viewer, campaign: Campaign):
    since = (now() - timedelta(minutes=90)).isoformat()
    answer = (await viewer.get("/api/deliveries", params={"since": since})).json()
    assert [one["state"] for one in answer["items"]] == ["sent", "failed"]
    customer = answer["items"][1]["customer_id"]
    answer = (await viewer.get("/api/deliveries", params={"customer_id": customer, "until": since})).json()
    assert answer["items"] == []
    naive = (await viewer.get("/api/deliveries", params={"until": "2020-01-01T00:00:00"})).json()
    assert naive["items"] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", "lost"),
        ("channel", "pigeon"),
        ("domain", "two words"),
        ("domain", "x" * 300),
        ("error", "x" * 300),
        ("since", "yesterday"),
        ("since", "0001-01-01T00:00:00+14:00"),
        ("until", "9999-12-31T23:59:59-14:00"),
        ("cursor", "nonsense"),
        ("limit", "0"),
        ("campaign_id", "nonsense"),
        ("customer_id", "nonsense"),
    ],
)
async def test_bad_input_is_named(marketer, database, field: str, value: str):
    response = await marketer.get("/api/deliveries", params={field: value})
    assert response.status_code == 422, response.text
    assert field in response.text
    if field not in ("cursor", "limit"):
        response = await marketer.get("/api/deliveries.csv", params={field: value})
        assert response.status_code == 422, response.text


async def test_the_file_of_a_campaign_is_safe_to_open(marketer, campaign: Campaign):
    response = await marketer.get(f"/api/campaigns/{campaign.id}/deliveries.csv", params={"state": "sent"})
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="winter-messages.csv"'
    assert response.headers["cache-control"] == "no-store"
    (row,) = csv.DictReader(io.StringIO(response.text))
    assert (row["campaign"], row["name"]) == ("'=Winter", '\'@P0 "é"')
    assert (await marketer.get(f"/api/campaigns/{'0' * 24}/deliveries.csv")).status_code == 404


async def test_the_campaigns_as_a_file(viewer, campaign: Campaign):
    (row,) = csv.DictReader(io.StringIO((await viewer.get("/api/campaigns.csv")).text))
    assert (row["id"], row["name"], row["state"]) == (str(campaign.id), "'=Winter", "done")
