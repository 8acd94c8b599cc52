"""Random requests along the OpenAPI document: the answer is never a 5xx, and refusals are problem documents."""

from __future__ import annotations

import random
import time
from typing import Any

from fastapi import FastAPI

from models import Customer, Member, Order
from tests.api.conftest import client_of

SECONDS = 12
ODD: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**63 - 1, -(2**63), 0.1, 1e308, -0.0, "", " ", "x", "0", "ß" * 70, "a" * 3_000),
    *(
        "12,50",
        "1e5",
        "2026-02-30",
        "2026-01-01",
        "9999-12-31T23:59:59Z",
        "0001-01-01",
        "a@b",
        "ann@example.com",
        "\u202e",
    ),
    *("$where", "a.b", "+49301234567", "🎉", "%00", "{{ x", "{% for %}", "<script>", "0" * 24, [], {}, [[]], [None]),
    *({"$gt": 1}, {"a": {"b": []}}, ["a", 1], {"combinator": "and", "rules": []}, {"field": "city", "operator": "="}),
]


def value_for(schema: dict[str, Any], document: dict[str, Any], chance: random.Random, depth: int = 0) -> Any:
    """A value that follows the schema most of the time."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if depth > 6 or chance.random() < 0.25:
        return chance.choice(ODD)
    if schema.get("examples") and chance.random() < 0.5:
        return schema["examples"][0]
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return value_for(chance.choice(options), document, chance, depth + 1)
    if "enum" in schema:
        return chance.choice(schema["enum"])
    match schema.get("type"):
        case "object":
            names = list(schema.get("properties", {})) + (["surprise"] if chance.random() < 0.1 else [])
            needed = set(schema.get("required", ()))
            chosen = [name for name in names if name in needed or chance.random() < 0.4]
            properties = schema.get("properties", {})
            return {name: value_for(properties.get(name, {}), document, chance, depth + 1) for name in chosen}
        case "array":
            items = schema.get("items", {})
            return [value_for(items, document, chance, depth + 1) for _ in range(chance.randrange(4))]
        case "integer":
            return chance.choice([0, 1, 5, 200, 201, -3, 2**62])
        case "number":
            return chance.choice([0, 1.5, -2, 1e300])
        case "boolean":
            return chance.choice([True, False])
    return chance.choice(["", "x", "Ann", "a" * 300, "2026-01-01", "ann@example.com"])


async def test_random_requests_never_break_it(app: FastAPI, alice: Member):
    chance = random.Random(20260101)
    document = app.openapi()
    customer = await Customer(email="ann@example.com").insert()
    order = await Order(customer_id=customer.id, amount=1, currency="USD").insert()
    ids = [str(customer.id), str(order.id), "0" * 24, "x"]
    operations = [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if path.startswith("/api/") and not (method == "delete" and "customers" in path) and "token" not in path
    ]
    deadline = time.monotonic() + SECONDS
    sent = 0
    async with client_of(app, alice) as client:
        while time.monotonic() < deadline:
            method, path, operation = chance.choice(operations)
            params = {
                parameter["name"]: str(value_for(parameter["schema"], document, chance))
                for parameter in operation.get("parameters", ())
                if parameter["in"] == "query" and chance.random() < 0.5
            }
            request: dict[str, Any] = {"params": params} if params else {}
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                request["json"] = value_for(content["application/json"]["schema"], document, chance)
            elif content:
                request["data"] = {"kind": chance.choice(["customers", "orders", "x"]), "mapping": "{"}
                request["files"] = {"file": (chance.choice(["a.csv", "", "../x"]), b"email\nann@example.com\n")}
            response = await client.request(method.upper(), path.replace("{id}", chance.choice(ids)), **request)
            sent += 1
            assert response.status_code < 500, (method, path, request, response.text)
            if response.status_code >= 400:
                assert response.headers["content-type"] == "application/problem+json", (method, path, response.text)
                assert response.json()["detail"], (method, path)
    assert sent > 100
