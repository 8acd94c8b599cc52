"""`/api/segments` over HTTP; the language itself is tested with the language."""

from __future__ import annotations

import pytest

from models import Customer

PUNE = {"combinator": "and", "rules": [{"field": "city", "operator": "=", "value": "Pune"}]}


@pytest.fixture
async def people(database) -> list[Customer]:
    cities = ("Pune", "Pune", "Mumbai")
    return [await Customer(first_name=f"N{n}", city=city).insert() for n, city in enumerate(cities)]


async def test_the_life_of_a_segment(marketer, viewer, people):
    response = await marketer.post("/api/segments", json={"name": "Pune", "rule": PUNE})
    assert response.status_code == 201, response.text
    segment = response.json()
    assert segment["description"]
    assert "Pune" in segment["sentence"]
    path = f"/api/segments/{segment['id']}"
    assert (await viewer.get(path)).json()["rule"]["rules"][0]["value"] == "Pune"
    assert [one["id"] for one in (await viewer.get("/api/segments")).json()["items"]] == [segment["id"]]
    found = (await viewer.get(f"{path}/customers", params={"limit": 1})).json()
    more = (await viewer.get(f"{path}/customers", params={"limit": 1, "cursor": found["next_cursor"]})).json()
    assert {one["city"] for one in found["items"] + more["items"]} == {"Pune"}
    assert more["next_cursor"] is None
    changed = await marketer.patch(path, json={"name": "In Pune", "version": segment["version"]})
    assert (changed.status_code, changed.json()["name"]) == (200, "In Pune")
    stale = await marketer.patch(path, json={"name": "Other", "version": segment["version"]})
    assert stale.status_code == 409
    assert (await marketer.post("/api/segments", json={"name": "in pune", "rule": PUNE})).status_code == 409
    assert (await marketer.delete(path)).status_code == 204
    assert (await marketer.delete(path)).status_code == 404


async def test_preview_and_explain(viewer, people):
    preview = (await viewer.post("/api/segments/preview", json={"rule": PUNE})).json()
    assert (preview["count"], preview["total"], len(preview["sample"])) == (2, 3, 2)
    for customer, truth in zip(people, (True, True, False), strict=True):
        body = {"rule": PUNE, "customer_id": str(customer.id)}
        found = (await viewer.post("/api/segments/explain", json=body)).json()
        assert (found["truth"], found["rules"][0]["truth"], found["rules"][0]["found"]) == (truth, truth, customer.city)
    neither = await viewer.post("/api/segments/explain", json={"customer_id": str(people[0].id)})
    assert (neither.status_code, neither.json()["errors"][0]["field"]) == (422, "rule")


async def test_an_estimate_and_each_condition_alone(viewer, people):
    either = {"combinator": "or", "rules": [*PUNE["rules"], {"field": "first_name", "operator": "=", "value": "N2"}]}
    asked = {"rule": either, "exact": False, "conditions": True}
    found = (await viewer.post("/api/segments/preview", json=asked)).json()
    assert (found["count"], found["estimated"], found["margin"], found["total"]) == (3, False, 0, 3)
    assert found["conditions"] == {"rules[0]": 2, "rules[1]": 1}
    assert (await viewer.post("/api/segments/preview", json={"rule": PUNE})).json()["conditions"] is None
    wrong = await viewer.post("/api/segments/preview", json={"rule": PUNE, "exakt": True})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "exakt")


async def test_a_wrong_rule_is_told_where_and_what_is_meant(marketer):
    rule = {"combinator": "and", "rules": [{"field": "citty", "operator": "=", "value": "Pune"}]}
    response = await marketer.post("/api/segments", json={"name": "X", "rule": rule})
    assert response.status_code == 422
    problem = response.json()
    assert problem["type"] == "urn:cohort:invalid-rule"
    assert problem["errors"][0]["field"].startswith("rules[0]")
    assert "city" in problem["errors"][0]["message"]


async def test_words_become_a_rule(marketer, people):
    response = await marketer.post("/api/segments/suggest", json={"prompt": "customers in Pune"})
    assert response.status_code == 200, response.text
    found = response.json()
    assert (found["outcome"], found["source"], found["count"]) == ("ok", "grammar", 2)
