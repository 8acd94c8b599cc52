"""Growth, overlap and suggestions over REST."""

from __future__ import annotations

import httpx
import pytest

from app.customers.service import create_customer
from app.segments.growth import keeper
from app.segments.ideas.suggested import forget_ideas
from app.segments.service import create_segment
from models import Member, Segment
from tests.segments.test_rule import condition, group


@pytest.fixture
async def segments(alice: Member) -> list[Segment]:
    """One of everybody in Pune, one of VIPs."""
    await create_customer(alice, {"first_name": "Ann", "city": "Pune", "tags": ["vip"]})
    await create_customer(alice, {"first_name": "Bea", "city": "Pune"})
    return [
        await create_segment(alice, name="Pune", rule=group(condition("city", "=", "Pune"))),
        await create_segment(alice, name="VIP", rule=group(condition("tags", "anyOf", ["vip"]))),
    ]


async def test_growth_from_asking_to_reading(owner: httpx.AsyncClient, alice: Member, segments: list[Segment]) -> None:
    path = f"/api/segments/{segments[0].id}"
    empty = (await owner.get(f"{path}/growth")).json()
    assert (empty["records"], empty["since"], empty["size"]) == ([], None, None)
    await keeper.record_due()
    await create_customer(alice, {"first_name": "Cleo", "city": "Pune"})
    asked = await owner.post(f"{path}/record")
    assert (asked.status_code, asked.json()["waiting"]) == (202, True)
    assert (await owner.get(f"{path}/growth")).json()["waiting"] is True
    await keeper.record_due()
    told = (await owner.get(f"{path}/growth")).json()
    assert [(record["size"], record["joined"], record["left"]) for record in told["records"]] == [(2, 0, 0), (3, 1, 0)]
    assert (told["size_then"], told["joined"], told["left"], told["size"]) == (2, 1, 0, 3)
    assert told["causes"] == [{"text": "new customers", "joined": 1, "left": 0}]
    assert told["waiting"] is False
    assert told["bytes"] > 0
    today = keeper.local_day(segments[0].created_at)
    past = (await owner.get(f"{path}/members-at", params={"date": today})).json()
    assert (past["size"], past["deleted"], past["next_cursor"]) == (2, 0, None)
    assert [one["first_name"] for one in past["items"]] == ["Ann", "Bea"]


async def test_growth_refuses_what_it_cannot_read(owner: httpx.AsyncClient, segments: list[Segment]) -> None:
    path = f"/api/segments/{segments[0].id}"
    for wrong in ("yesterday", "2026-02-31", ""):
        response = await owner.get(f"{path}/growth", params={"since": wrong})
        assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "since")
        response = await owner.get(f"{path}/members-at", params={"date": wrong})
        assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "date")
    assert (await owner.get(f"{path}/members-at")).status_code == 422
    assert (await owner.get(f"{path}/members-at", params={"date": "2026-01-01"})).status_code == 404
    assert (await owner.get(f"{path}/members-at", params={"date": "0001-01-01"})).status_code == 404
    assert (await owner.get(f"{path}/growth", params={"since": "9999-12-31"})).status_code == 200
    assert (await owner.get(f"/api/segments/{'0' * 24}/growth")).status_code == 404
    assert (await owner.post("/api/segments/nonsense/record")).status_code == 404


async def test_overlap(viewer: httpx.AsyncClient, segments: list[Segment]) -> None:
    pune, vip = (str(segment.id) for segment in segments)
    told = (await viewer.post("/api/segments/overlap", json={"segment_ids": [pune, vip]})).json()
    assert (told["sizes"], told["union"], told["none"], told["total"]) == ({pune: 2, vip: 1}, 2, 0, 2)
    assert [(one["in"], one["out"], one["count"]) for one in told["regions"]] == [
        ([pune], [vip], 1),
        ([pune, vip], [], 1),
        ([vip], [pune], 0),
    ]
    seen = await viewer.post("/api/segments/preview", json={"rule": told["regions"][0]["rule"]})
    assert [one["first_name"] for one in seen.json()["sample"]] == ["Bea"]


@pytest.mark.parametrize("body", [{}, {"segment_ids": "x"}, {"segment_ids": []}, {"segment_ids": ["x", "y"]}, []])
async def test_overlap_refuses_other_bodies(viewer: httpx.AsyncClient, body: object) -> None:
    response = await viewer.post("/api/segments/overlap", json=body)
    assert response.status_code == 422
    assert response.json()["errors"]


async def test_suggestions(viewer: httpx.AsyncClient, segments: list[Segment]) -> None:
    forget_ideas()
    told = (await viewer.get("/api/segments/suggested")).json()
    assert told["customers"] == 2
    champions = told["items"][0]
    assert (champions["key"], champions["rule"], champions["size"]) == ("champions", None, None)
    assert "50 customers with an order are needed" in champions["missing"]
    forget_ideas()
