"""Revisions, files and explanations over HTTP; what they promise is tested with the services."""

from __future__ import annotations

import csv
import io

import pytest

from models import Customer

PUNE = {"combinator": "and", "rules": [{"field": "city", "operator": "=", "value": "Pune"}]}
DELHI = {"combinator": "and", "rules": [{"field": "city", "operator": "=", "value": "Delhi"}]}
NOWHERE = "0" * 24


@pytest.fixture
async def people(database) -> list[Customer]:
    names = ("=cmd()", "Ben", "Cleo")
    return [
        await Customer(first_name=name, city=city).insert()
        for name, city in zip(names, ("Pune", "Pune", "Delhi"), strict=True)
    ]


@pytest.fixture
async def path(marketer, people) -> str:
    """A segment that was saved twice."""
    response = await marketer.post("/api/segments", json={"name": "Near ü", "rule": PUNE, "source": "grammar"})
    path = f"/api/segments/{response.json()['id']}"
    assert (await marketer.patch(path, json={"rule": DELHI})).status_code == 200
    return path


async def test_the_history_and_back(marketer, viewer, path):
    page = (await viewer.get(f"{path}/revisions", params={"limit": 1})).json()
    newest = page["items"][0]
    assert (newest["number"], newest["source"], newest["saved_by_name"], newest["size"]) == (2, "hand", "Bob", 1)
    assert newest["changes"] == [{"kind": "changed", "before": "city is Pune", "after": "city is Delhi"}]
    more = (await viewer.get(f"{path}/revisions", params={"cursor": page["next_cursor"]})).json()
    assert [one["number"] for one in more["items"]] == [1]
    assert (more["next_cursor"], more["items"][0]["changes"], more["items"][0]["source"]) == (None, [], "grammar")
    assert (await viewer.get(f"{path}/revisions/1")).json() == more["items"][0]
    stale = await marketer.post(f"{path}/restore", json={"revision": 1, "version": 1})
    assert stale.status_code == 409
    back = await marketer.post(f"{path}/restore", json={"revision": 1, "version": 2})
    assert (back.status_code, back.json()["version"], back.json()["rule"]) == (200, 3, PUNE)
    assert (await viewer.get(f"{path}/revisions/3")).json()["restored_from"] == 1


@pytest.mark.parametrize(
    ("method", "rest", "body", "status", "field"),
    [
        ("GET", "revisions/9", None, 404, None),
        ("GET", "revisions/0", None, 404, None),
        ("GET", "revisions/x", None, 404, None),
        ("GET", "revisions/99999999999999999999", None, 404, None),
        ("GET", "revisions?limit=0", None, 422, "limit"),
        ("GET", "revisions?cursor=x", None, 422, "cursor"),
        ("POST", "restore", {}, 422, "revision"),
        ("POST", "restore", {"revision": 0}, 422, "revision"),
        ("POST", "restore", {"revision": 2**31}, 422, "revision"),
        ("POST", "restore", {"revision": 9}, 404, None),
        ("POST", "restore", {"revision": 1, "verion": 2}, 422, "verion"),
    ],
)
async def test_bad_requests(marketer, path, method, rest, body, status, field):
    response = await marketer.request(method, f"{path}/{rest}", json=body)
    assert response.status_code == status, response.text
    if field:
        assert response.json()["errors"][0]["field"] == field


async def test_a_file_there_and_back(marketer, viewer, path):
    response = await viewer.get(f"{path}/export")
    assert response.headers["content-disposition"] == 'attachment; filename="near-u.json"'
    taken = await marketer.post("/api/segments/import", json=response.json())
    assert taken.status_code == 409
    made = await marketer.post("/api/segments/import", params={"name": "Again"}, json=response.json())
    assert made.status_code == 201, made.text
    assert (made.json()["rule"], made.json()["source"], made.json()["notes"]) == (DELHI, "import", [])
    wrong = {"name": "x", "rule": {"combinator": "and", "rules": [{"field": "citty", "operator": "=", "value": "x"}]}}
    refused = await marketer.post("/api/segments/import", json=wrong)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "rules[0].field")
    assert (await marketer.post("/api/segments/import", json=[1])).status_code == 422
    assert (await marketer.post("/api/segments/import", json={"name": "x", "rulle": 1})).status_code == 422


async def test_the_people_as_csv(marketer, viewer, path):
    await marketer.post(f"{path}/restore", json={"revision": 1})
    response = await marketer.get(f"{path}/customers.csv")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="near-u.csv"'
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["first_name"] for row in rows] == ["'=cmd()", "Ben"]
    assert (await viewer.get(f"{path}/customers.csv")).status_code == 403
    assert (await marketer.get(f"/api/segments/{NOWHERE}/customers.csv")).status_code == 404


async def test_a_customers_segments(marketer, viewer, people, path):
    await marketer.post("/api/segments", json={"name": "All", "rule": {"combinator": "and", "rules": []}})
    key = str(people[0].id)
    found = (await viewer.get(f"/api/customers/{key}/segments")).json()
    assert [one["name"] for one in found["in"]] == ["All"]
    assert [(one["name"], one["because"]) for one in found["not_in"]] == [("Near ü", "city is Pune, not Delhi")]
    first = (await viewer.get(f"/api/customers/{key}/segments", params={"limit": 1})).json()
    second = (
        await viewer.get(f"/api/customers/{key}/segments", params={"limit": 1, "cursor": first["next_cursor"]})
    ).json()
    assert ([len(first["in"]), len(second["not_in"])], second["next_cursor"]) == ([1, 1], None)
    assert (await viewer.get(f"/api/customers/{NOWHERE}/segments")).status_code == 404
    assert (await viewer.get(f"/api/customers/{key}/segments", params={"limit": 999})).status_code == 422


async def test_explain_says_what_would_have_to_change(viewer, people):
    body = {"rule": DELHI, "customer_id": str(people[0].id)}
    found = (await viewer.post("/api/segments/explain", json=body)).json()
    assert found["because"] == "city is Pune, not Delhi"
    assert found["rules"][0]["change"] == "city would have to be Delhi"
