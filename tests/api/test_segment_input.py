"""Bad input to every route under `/api/segments`: a 422 that names the field, nothing written; and two members at once.

The routes are taken from the OpenAPI document, so a new one is tested as soon as it is there.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from bson import ObjectId
from fastapi import FastAPI

from app.database import collection
from app.segments.catalogue import forget_catalogue
from models import Customer, Member
from tests.api.conftest import client_of

PARAMETER = re.compile(r"\{(\w+)\}")
PUNE = {"combinator": "and", "rules": [{"field": "city", "operator": "=", "value": "Pune"}]}


def refers_to(key: str, operator: str = "in") -> dict[str, Any]:
    return {"combinator": "and", "rules": [{"field": "segment", "operator": operator, "value": key}]}


def leaf(field: Any, operator: Any, value: Any, **more: Any) -> dict[str, Any]:
    return {"combinator": "and", "rules": [{"field": field, "operator": operator, "value": value, **more}]}


def orders(**more: Any) -> dict[str, Any]:
    whole = {"field": "orders", "measure": "count", "operator": ">=", "value": 1}
    return {"combinator": "and", "rules": [{**whole, **more}]}


DEEP: Any = leaf("city", "=", "Pune")
for _ in range(6):
    DEEP = {"combinator": "and", "rules": [DEEP]}
BAD_RULES: tuple[tuple[Any, str], ...] = (
    (None, "rule"),
    ("customers in Pune", "rule"),
    ([], "rule"),
    ({}, "rule"),
    ({"$where": "sleep(1000)"}, "rule"),
    ({"combinator": "xor", "rules": []}, "combinator"),
    ({"combinator": "and", "rules": {}}, "rules"),
    ({"combinator": "and", "rules": [], "not": True}, "rules"),
    ({"combinator": "and", "rules": [], "$expr": 1}, "?"),
    ({"combinator": "and", "rules": [None]}, "rules[0]"),
    ({"combinator": "and", "rules": [{"combinator": "and", "rules": []}]}, "rules[0].rules"),
    (leaf("citty", "=", "Pune"), "rules[0].field"),
    (leaf("$where", "=", "1"), "rules[0].field"),
    (leaf("attributes.$where", "=", "1"), "rules[0].field"),
    (leaf("attributes.a.b", "=", "1"), "rules[0].field"),
    (leaf(None, "=", "1"), "rules[0].field"),
    (leaf("city", "$regex", ".*"), "rules[0].operator"),
    (leaf("city", ["="], "Pune"), "rules[0].operator"),
    (leaf("city", "=", {"$ne": 1}), "rules[0].value"),
    (leaf("city", "=", ""), "rules[0].value"),
    (leaf("city", "=", "x" * 201), "rules[0].value"),
    (leaf("city", "in", []), "rules[0].value"),
    (leaf("city", "in", ["x"] * 101), "rules[0].value"),
    (leaf("city", "in", ["Pune", 1]), "rules[0].value[1]"),
    (leaf("total_spent", ">", "10k"), "rules[0].value"),
    (leaf("total_spent", ">", 1e300), "rules[0].value"),
    (leaf("total_spent", ">", 0.00001), "rules[0].value"),
    (leaf("total_spent", "between", [2, 1]), "rules[0].value"),
    (leaf("age", ">", 151), "rules[0].value"),
    (leaf("email_opt_in", "=", "true"), "rules[0].value"),
    (leaf("signed_up_at", "before", "2026-02-30"), "rules[0].value"),
    (leaf("signed_up_at", "inLast", {"amount": 0, "unit": "day"}), "rules[0].value.amount"),
    (leaf("signed_up_at", "inLast", {"amount": 1, "unit": "eon"}), "rules[0].value.unit"),
    (leaf("signed_up_at", "anniversaryInNext", {"amount": 1, "unit": "day"}), "rules[0].operator"),
    (leaf("city", "=", "Pune", **{"not": "yes"}), "rules[0].not"),
    (orders(measure="median"), "rules[0].measure"),
    (orders(value=-1), "rules[0].value"),
    (orders(where=leaf("city", "=", "Pune")), "rules[0].where.rules[0].field"),
    (orders(where=[]), "rules[0].where"),
    (orders(window={"operator": "null"}), "rules[0].window.operator"),
    (orders(window={"operator": "inLast", "value": 30}), "rules[0].window.value"),
    (leaf("campaign", "opened", "0" * 24), "rules[0].value"),
    (leaf("campaign", "opened", {"$ne": None}), "rules[0].value"),
    (leaf("campaign", "bounced", "any"), "rules[0].operator"),
    (refers_to("0" * 24), "rules[0].value"),
    ({"combinator": "and", "rules": [PUNE["rules"][0]] * 51}, "rules[50]"),
    (DEEP, "rules[0].rules[0].rules[0].rules[0].rules[0]"),
)
BAD_BODIES: tuple[bytes, ...] = (
    b"",
    b"null",
    b"[]",
    b"{",
    b"NaN",
    b'{"name": NaN}',
    b'{"name": "a", "name": "b"}',
    b'{"name": "\\ud800"}',
    b'{"name": "\\u0000"}',
    b"\xff\xfe{}",
    b'{"rule": ' + b"[" * 2_000 + b"]" * 2_000 + b"}",
    b'{"rule": {"combinator": "and", "rules": [{"field": "total_spent", "operator": ">", "value": 1e999}]}}',
    b'{"rule": {"combinator": "and", "rules": [{"field": "age", "operator": ">", "value": 99999999999999999999}]}}',
    b'{"rule": {"combinator": "and", "combinator": "or", "rules": []}}',
    b'{"surprise": 1}',
)


@pytest.fixture
async def saved(owner: httpx.AsyncClient) -> dict[str, Any]:
    """A segment to change."""
    await Customer(first_name="Ann", city="Pune").insert()
    response = await owner.post("/api/segments", json={"name": "Pune", "rule": PUNE})
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


async def everything() -> str:
    """All that is kept about segments, as text."""
    names = ("segments", "segment_revisions", "segment_drafts")
    return repr([[row async for row in collection(name).find().sort("_id", 1)] for name in names])


def writing(app: FastAPI) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and the schema of the JSON body of every route under `/api/segments` that takes one."""
    document = app.openapi()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {})
            if path.startswith("/api/segments") and "application/json" in content:
                schema = content["application/json"]["schema"]
                if "$ref" in schema:
                    schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
                yield method.upper(), path, schema


def refused(response: httpx.Response, *fields: str) -> None:
    """The answer is a problem document that names one of the fields."""
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    named = [error["field"] for error in response.json()["errors"]]
    assert not fields or set(fields) & set(named), (fields, named)
    assert all(error["message"] for error in response.json()["errors"])


async def test_bad_bodies_to_every_route(app: FastAPI, owner: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    before = await everything()
    routes = list(writing(app))
    assert ("POST", "/api/segments") in {(method, path) for method, path, _ in routes}
    for method, path, schema in routes:
        for body in BAD_BODIES:
            if body == b"null" and not schema.get("required"):
                continue
            response = await owner.request(
                method, path.replace("{id}", saved["id"]), content=body, headers={"content-type": "application/json"}
            )
            assert response.status_code == 422, (method, path, body[:80], response.text)
            refused(response)
    assert await everything() == before


async def test_wrong_types_at_every_place(app: FastAPI, owner: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    before = await everything()
    customer = await Customer.find_one()
    good: dict[str, Any] = {"name": "Other", "rule": PUNE, "prompt": "in Pune", "customer_id": str(customer.id)}
    for method, path, schema in writing(app):
        properties = schema.get("properties", {})
        needed = {key: good[key] for key in schema.get("required", ()) if key in good}
        for key in properties:
            for odd in ({"$gt": 1}, [[]], {"a": {"b": []}}, [None]):
                body = {**needed, key: odd}
                response = await owner.request(method, path.replace("{id}", saved["id"]), json=body)
                assert response.status_code in (422, 404), (method, path, key, odd, response.text)
                assert response.headers["content-type"] == "application/problem+json"
        if properties:
            response = await owner.request(method, path.replace("{id}", saved["id"]), json={**needed, "$where": 1})
            refused(response)
    assert await everything() == before


async def test_a_bad_rule_is_refused_everywhere(app: FastAPI, owner: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    before = await everything()
    customer = await Customer.find_one()
    good: dict[str, Any] = {"name": "Other", "prompt": "also in Pune", "customer_id": str(customer.id)}
    taking = [(method, path, schema) for method, path, schema in writing(app) if "rule" in schema.get("properties", {})]
    assert len(taking) >= 4
    for method, path, schema in taking:
        body = {key: good[key] for key in schema.get("required", ()) if key in good}
        for rule, field in BAD_RULES:
            if rule is None and "rule" not in schema.get("required", ()) and method == "POST":
                continue  # no rule is given
            response = await owner.request(method, path.replace("{id}", saved["id"]), json=body | {"rule": rule})
            refused(response, field, f"rule.{field}", "rule")
            if field not in ("rule", "?"):
                named = [error["field"] for error in response.json()["errors"]]
                assert any(one.endswith(field) for one in named), (path, rule, named)
    assert await everything() == before


async def test_bad_names(owner: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    before = await everything()
    for name in ("", " ", "\u3000 \t", "x" * 121, "ﷺ" * 121):
        refused(await owner.post("/api/segments", json={"name": name, "rule": PUNE}), "name")
        refused(await owner.patch(f"/api/segments/{saved['id']}", json={"name": name}), "name")
    assert await everything() == before


async def test_ids_that_are_none(app: FastAPI, owner: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    before = await everything()
    document = app.openapi()
    paths = [(path, item) for path, item in document["paths"].items() if path.startswith("/api/segments/{id}")]
    for key in ("x", "0" * 23, "0" * 24, "0" * 25, "%00", "$where", "ß"):
        for path, item in paths:
            url = path.replace("{id}", key)
            for name in PARAMETER.findall(url):
                url = url.replace(f"{{{name}}}", "1")
            for method in item:
                response = await owner.request(method.upper(), url, json={"name": "X"} if method == "patch" else {})
                assert response.status_code in (404, 422), (method, path, key, response.text)
                assert response.headers["content-type"] == "application/problem+json"
    assert await everything() == before


async def test_two_saves_of_one_version(app: FastAPI, alice: Member, saved: dict[str, Any]) -> None:
    path = f"/api/segments/{saved['id']}"
    async with client_of(app, alice) as client:
        answers = await asyncio.gather(
            *(client.patch(path, json={"name": f"N{n}", "version": saved["version"]}) for n in range(6))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
        winner = next(answer.json() for answer in answers if answer.status_code == 200)
        now = (await client.get(path)).json()
    assert (now["name"], now["version"]) == (winner["name"], saved["version"] + 1)
    kept = await collection("segment_revisions").count_documents({"segment_id": ObjectId(saved["id"])})
    assert kept == 2


async def test_two_segments_of_one_name(app: FastAPI, alice: Member) -> None:
    async with client_of(app, alice) as client:
        names = ("Straße", "STRASSE", "strasse ", "Strasse")
        answers = await asyncio.gather(
            *(client.post("/api/segments", json={"name": name, "rule": PUNE}) for name in names)
        )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert await collection("segments").count_documents({}) == 1
    assert await collection("segment_revisions").count_documents({}) == 1


async def test_deleted_while_another_begins_to_refer_to_it(app: FastAPI, alice: Member) -> None:
    async with client_of(app, alice) as client:
        for turn in range(4):
            key = (await client.post("/api/segments", json={"name": f"A{turn}", "rule": PUNE})).json()["id"]
            body = {"name": f"B{turn}", "rule": refers_to(key)}
            gone, made = await asyncio.gather(
                client.delete(f"/api/segments/{key}"), client.post("/api/segments", json=body)
            )
            assert (gone.status_code, made.status_code) in ((204, 422), (409, 201)), (gone.text, made.text)
            if gone.status_code == 204:
                assert await collection("segments").count_documents({"name": f"B{turn}"}) == 0


async def test_a_circle_built_from_both_sides_at_once(app: FastAPI, alice: Member) -> None:
    async with client_of(app, alice) as client:
        for turn in range(4):
            one, other = [
                (await client.post("/api/segments", json={"name": f"{side}{turn}", "rule": PUNE})).json()["id"]
                for side in "AB"
            ]
            answers = await asyncio.gather(
                client.patch(f"/api/segments/{one}", json={"rule": refers_to(other)}),
                client.patch(f"/api/segments/{other}", json={"rule": refers_to(one, "notIn")}),
            )
            assert sorted(answer.status_code for answer in answers) == [200, 422], [one.text for one in answers]
            refused(next(answer for answer in answers if answer.status_code == 422))
            for key in (one, other):
                assert (await client.get(f"/api/segments/{key}/customers")).status_code == 200


async def test_a_circle_of_three_and_of_one(owner: httpx.AsyncClient) -> None:
    keys: list[str] = []
    for name in "ABC":
        rule = refers_to(keys[-1]) if keys else PUNE
        response = await owner.post("/api/segments", json={"name": name, "rule": rule})
        assert response.status_code == 201, response.text
        keys.append(response.json()["id"])
    before = await everything()
    for key in keys:
        refused(await owner.patch(f"/api/segments/{keys[0]}", json={"rule": refers_to(key)}))
    assert await everything() == before


async def test_a_segment_in_use_stays(owner: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    forget_catalogue()
    made = await owner.post("/api/segments", json={"name": "Not Pune", "rule": refers_to(saved["id"], "notIn")})
    assert made.status_code == 201, made.text
    before = await everything()
    response = await owner.delete(f"/api/segments/{saved['id']}")
    assert (response.status_code, "Not Pune" in response.json()["detail"]) == (409, True)
    assert await everything() == before
    assert json.loads(response.text)["type"] == "urn:cohort:conflict"
