"""Malformed requests get a problem document that says what would be right; nothing is ever a 500."""

from __future__ import annotations

import json

import httpx
import pytest

from app import database as db
from app.api.body_limit import JSON_BYTES
from app.main import create_app
from models import Customer

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"{", "JSON"),
        (b"", "required"),
        (b"[]", "object"),
        (b"null", "object"),
        (b'"text"', "object"),
        (b'{"first_name": NaN}', "NaN"),
        (b'{"attributes": {"a": Infinity}}', "Infinity"),
        (b'{"attributes": {"a": 1e999}}', "too large"),
        (b'{"attributes": {"a": 123456789012345678901234567890}}', "64 bits"),
        (b'{"first_name": "A", "first_name": "B"}', "twice"),
        (b'{"first_name": "\\ud800"}', "surrogate"),
        (b'{"\\ud800": 1}', "surrogate"),
        (b'{"first_name": "A\\u0000B"}', "NUL"),
        (b'{"first_name": "A\\u0007B"}', "control"),
        (b'{"first_name": "\xff"}', "UTF-8"),
        (b"[" * 100_000, "nested"),
        (b'{"attributes":' * 200 + b"1" + b"}" * 200, "nested"),
        (b'{"attributes": {"a": ' + b"9" * 5_000 + b"}}", "64 bits"),
        (b'{"first_name": ["x"]}', "text"),
        (b'{"email_opt_in": "perhaps"}', "true or false"),
        (b'{"attributes": {"a": {"b": 1}}}', "list of texts"),
        (b'{"attributes": {"$where": "1"}}', "small letters"),
        (b'{"first_name": {"$gt": ""}}', "text"),
        (b'{"tags": ["' + b"x" * 65 + b'"]}', "64 characters"),
        (b'{"first_name": "' + b"x" * 101 + b'"}', "100 characters"),
        (b'{"birthday": "2026-02-30"}', "exists"),
        (b'{"birthday": 5}', "1990-03-31"),
    ],
    ids=lambda value: repr(value[:40]),
)
async def test_a_bad_body_is_told_what_is_wrong(marketer, body, word):
    response = await marketer.post("/api/customers", content=body, headers=JSON)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == 422
    assert word in json.dumps(problem["errors"]), problem
    assert await Customer.count() == 0


async def test_json_without_its_content_type_is_told_so(marketer):
    response = await marketer.post("/api/customers", content=b'{"name": "A"}')
    assert response.status_code == 422
    assert "Content-Type: application/json" in response.json()["detail"]


async def test_a_large_body_is_refused(marketer, stranger):
    async def endless():
        for _ in range(JSON_BYTES // 1_000_000 + 2):
            yield b" " * 1_000_000

    declared = await marketer.post("/api/customers", content=b" " * (JSON_BYTES + 1), headers=JSON)
    streamed = await marketer.post("/api/customers", content=endless(), headers=JSON)
    form = await stranger.post("/signin", data={"email": "x" * 100_000})
    for response in (declared, streamed, form):
        assert response.status_code == 413, response.text
        assert response.headers["content-type"] == "application/problem+json"


async def test_unknown_addresses_and_methods(viewer):
    missing = await viewer.get("/api/nothing/here")
    assert (missing.status_code, missing.json()["type"]) == (404, "urn:cohort:not-found")
    method = await viewer.put("/api/customers/1")
    assert (method.status_code, method.headers["allow"]) == (405, "DELETE, GET, PATCH")
    assert (await viewer.get("/api")).status_code == 404


async def test_no_answer_may_be_kept_or_framed(viewer):
    response = await viewer.get("/api/customers")
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]


async def test_the_documentation_loads_nothing_from_elsewhere(stranger):
    page = (await stranger.get("/api/docs")).text
    assert "http://" not in page.replace("http://cohort.test", "")
    assert "https://" not in page
    assert (await stranger.get("/api/docs/assets/swagger-ui-bundle.js")).status_code == 200
    document = (await stranger.get("/api/openapi.json")).json()
    assert document["info"]["title"] == "Cohort"
    refusal = document["paths"]["/api/customers"]["post"]["responses"]["422"]["content"]
    assert list(refusal) == ["application/problem+json"]
    assert "HTTPValidationError" not in json.dumps(document)


async def test_metrics_name_templates_and_no_people(marketer, stranger):
    created = (await marketer.post("/api/customers", json={"email": "ann@example.com"})).json()
    await marketer.get(f"/api/customers/{created['id']}", params={})
    await marketer.get("/api/customers", params={"search": "ann"})
    text = (await stranger.get("/metrics")).text
    assert 'cohort_http_requests_total{method="GET",route="/api/customers/{id}",status="200"}' in text
    assert "cohort_deliveries" in text
    assert created["id"] not in text
    assert "ann" not in text


async def test_health_says_what_is_away_and_requests_answer_503(settings, alice, monkeypatch):
    await db.disconnect()
    away = settings.model_copy(
        update={
            "mongodb_url": "mongodb://127.0.0.1:9/x?serverSelectionTimeoutMS=200",
            "redis_url": "redis://127.0.0.1:9/0",
        }
    )
    app = create_app(away, with_pages=False)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://cohort.test") as client:
        assert (await client.get("/healthz")).status_code == 200
        ready = await client.get("/readyz")
        assert ready.status_code == 503
        assert [error["field"] for error in ready.json()["errors"]] == ["database", "queue"]
        form = {"username": "a@example.com", "password": "x"}
        response = await client.post("/api/auth/token", data=form)
        assert response.status_code == 503
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["retry-after"]
        assert (await client.get("/metrics")).status_code == 200
