"""Every text of every request, from the API's description, filled with what breaks careless programs."""

from __future__ import annotations

import copy
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from app.database import collection
from models import Customer, Member, Order
from tests.api.conftest import client_of

TEXTS = {
    "template": "{{ 90001 | times: 3 }}{% for i in (1..1000000000) %}x{% endfor %}",
    "other template": "{{ 90001*3 }}${90001*3}<%= 90001*3 %>{{ ''.__class__.__mro__ }}",
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "header": "x\r\nBcc: victim@example.com\r\n\r\nbody",
    "formula": "=cmd|' /C calc'!A0",
    "path": "../../../../etc/passwd",
    "windows path": "..\\..\\windows\\win.ini",
    "operator": '{"$gt": ""}',
    "javascript": "'; sleep(10000); var x='",
    "nul": "a\0b",
    "half a pair": "a\ud800b",
    "other half": "\udfff",
    "bidi": "\u202eevil\u202c\u2066x\u2069",
    "emoji": "👩🏽‍🚀" * 20,
    "combining": "e" + "\u0301" * 500,
    "regex": "(a+)+$" * 10 + "[" * 50,
    "number": "1e400",
    "blank": " \t\u00a0\u2003",
}
VALUES: dict[str, Any] = {
    **TEXTS,
    "greater": {"$gt": ""},
    "not": {"$ne": None},
    "where": {"$where": "while(true){}"},
    "function": {"$function": {"body": "function(){return 1}", "args": [], "lang": "js"}},
    "list": [{"$gt": ""}],
    "dots": {"a.b": "x", "$set": {"role": "owner"}, "__proto__": {"admin": True}},
}
MEGABYTE = "x" * 1_048_576
SLOWEST_SECONDS = 5.0
LEFT_OUT = re.compile(r"^/api/auth/|^/api/imports$|/stream$")


def resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """The schema behind a reference or the first of several choices that is not null."""
    while True:
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        elif options := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
            schema = next((one for one in options if one.get("type") != "null"), options[0])
        else:
            return schema


def example(schema: dict[str, Any], document: dict[str, Any], depth: int = 0) -> Any:
    """A body as the description has it, every optional field filled in."""
    if schema.get("examples"):
        return copy.deepcopy(schema["examples"][0])
    schema = resolved(schema, document)
    if schema.get("examples"):
        return copy.deepcopy(schema["examples"][0])
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            return {name: example(one, document, depth + 1) for name, one in fields.items()} if depth < 5 else {}
        case "array":
            return [example(schema.get("items", {}), document, depth + 1)] if depth < 5 else []
        case "integer" | "number":
            return 1
        case "boolean":
            return True
    return "x"


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path to every text in a body."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from places(child, (*path, key))
    elif isinstance(value, list):
        for number, child in enumerate(value[:1]):
            yield from places(child, (*path, number))


def changed(body: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """The body with this at that place."""
    if not path:
        return value
    made = copy.deepcopy(body)
    place = made
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return made


def chosen(number: int, place: tuple[str | int, ...]) -> Iterator[tuple[str, Any]]:
    """Everything for the fields of a body; a fifth of it, another one each time, for what lies deeper."""
    given = list(VALUES.items())
    yield from given if len(place) == 1 else given[number % 5 :: 5]
    if number == 0:
        yield "megabyte", MEGABYTE


@pytest.fixture
async def ids(app: FastAPI, alice: Member) -> dict[str, str]:
    """A real id for each kind of thing."""
    customer = await Customer(email="ann@example.com", first_name="Ann").insert()
    order = await Order(customer_id=customer.id, amount=1, currency="USD").insert()
    rule = {"combinator": "and", "rules": [{"field": "city", "operator": "=", "value": "Pune"}]}
    async with client_of(app, alice) as client:
        segment = (await client.post("/api/segments", json={"name": "S", "rule": rule})).json()["id"]
        draft = {"name": "C", "channel": "outbox", "subject": "x", "body": "x", "segment_ids": [segment]}
        campaign = (await client.post("/api/campaigns", json=draft)).json()["id"]
    return {"customers": str(customer.id), "orders": str(order.id), "segments": segment, "campaigns": campaign}


def operations(app: FastAPI, ids: dict[str, str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path with a real id, and description."""
    for path, item in app.openapi()["paths"].items():
        if path.startswith("/api/") and not LEFT_OUT.search(path):
            address = re.sub(r"\{[^}]+\}", ids.get(path.split("/")[2], "0" * 24), path)
            for method, operation in item.items():
                if method != "delete" and not path.endswith(("/erase", "/send")):
                    yield method, address, operation


async def test_no_text_of_any_body_breaks_or_runs(app: FastAPI, alice: Member, ids: dict[str, str]):
    document = app.openapi()
    sent = 0
    async with client_of(app, alice) as client:
        for method, path, operation in operations(app, ids):
            schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            if schema is None:
                continue
            body = example(schema, document)
            for number, place in enumerate(places(body)):
                for name, value in chosen(number, place):
                    began = time.monotonic()
                    content = json.dumps(changed(body, place, value)).encode("ascii")
                    headers = {"Content-Type": "application/json"}
                    answer = await client.request(method.upper(), path, content=content, headers=headers)
                    sent += 1
                    told = (method, path, place, name, answer.text[:500])
                    assert answer.status_code < 500, told
                    assert time.monotonic() - began < SLOWEST_SECONDS, told
                    assert "270003" not in answer.text, told
                    if answer.status_code >= 400:
                        assert answer.headers["content-type"] == "application/problem+json", told
                        assert len(answer.content) < 64 * 1024, told
                    if name in ("half a pair", "other half", "nul"):
                        assert answer.status_code == 422, told
    assert sent > 1_000
    assert await collection("members").count_documents({"role": "owner"}) == 1


async def test_no_parameter_breaks_or_matches_everything(app: FastAPI, alice: Member, ids: dict[str, str]):
    sent = 0
    async with client_of(app, alice) as client:
        for method, path, operation in operations(app, ids):
            if method != "get":
                continue
            for parameter in operation.get("parameters", ()):
                if parameter["in"] != "query":
                    continue
                for name, value in (*list(TEXTS.items())[sent % 3 :: 3], ("long", "x" * 20_000)):
                    text = value.encode("utf-8", "surrogatepass")
                    answer = await client.get(path, params={parameter["name"]: text})
                    sent += 1
                    assert answer.status_code < 500, (path, parameter["name"], name, answer.text[:500])
                for operator in ("$gt", "$ne", "$where"):
                    answer = await client.get(path, params={f"{parameter['name']}[{operator}]": ""})
                    assert answer.status_code == 422, (path, parameter["name"], operator)
    assert sent > 200


async def test_operators_do_not_sign_in(app: FastAPI, alice: Member):
    async with client_of(app) as client:
        for fields in (
            {"username[$ne]": "", "password[$ne]": ""},
            {"username": '{"$gt": ""}', "password": '{"$gt": ""}'},
            {"username": "alice@example.com\0", "password": "x"},
            {"username": "' || '1'=='1", "password": "x"},
            {"username": "\ud800@example.com".encode("utf-8", "surrogatepass"), "password": b"\xff\xfe"},
        ):
            answer = await client.post("/api/auth/token", data=fields)
            assert answer.status_code in (401, 422), fields
        answer = await client.post("/api/auth/token", json={"username": {"$gt": ""}, "password": {"$gt": ""}})
        assert answer.status_code == 422
