"""Every route, every role: who may, who may not, and nobody without signing in."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from app.auth.permissions import EDITORS, EVERYONE, MANAGERS, OWNERS
from models import Member
from models.member import Role
from tests.api.conftest import client_of

ID = "0" * 24
RULE = {"combinator": "and", "rules": []}
OPEN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("POST", "/api/auth/token"),
    ("POST", "/api/auth/refresh"),
}
ROUTES: dict[tuple[str, str], tuple[frozenset[Role], dict]] = {
    ("GET", "/api/me"): (EVERYONE, {}),
    ("GET", "/api/customers"): (EVERYONE, {}),
    ("POST", "/api/customers"): (EDITORS, {"json": {"name": "X"}}),
    ("POST", "/api/customers/bulk"): (EDITORS, {"json": []}),
    ("GET", "/api/customers/{id}"): (EVERYONE, {}),
    ("PATCH", "/api/customers/{id}"): (EDITORS, {"json": {}}),
    ("DELETE", "/api/customers/{id}"): (MANAGERS, {}),
    ("GET", "/api/customers/{id}/timeline"): (EVERYONE, {}),
    ("GET", "/api/customers/{id}/export"): (EDITORS, {}),
    ("POST", "/api/customers/{id}/erase"): (MANAGERS, {}),
    ("GET", "/api/orders"): (EVERYONE, {}),
    ("POST", "/api/orders"): (EDITORS, {"json": {"customer_id": ID, "amount": 1}}),
    ("POST", "/api/orders/bulk"): (EDITORS, {"json": []}),
    ("GET", "/api/orders/{id}"): (EVERYONE, {}),
    ("PATCH", "/api/orders/{id}"): (EDITORS, {"json": {}}),
    ("GET", "/api/imports"): (EDITORS, {}),
    ("POST", "/api/imports"): (EDITORS, {"data": {"kind": "customers"}, "files": {"file": ("a.csv", b"x\n")}}),
    ("GET", "/api/imports/{id}"): (EDITORS, {}),
    ("POST", "/api/imports/{id}/cancel"): (EDITORS, {}),
    ("GET", "/api/imports/{id}/rejects.csv"): (EDITORS, {}),
    ("GET", "/api/segments"): (EVERYONE, {}),
    ("POST", "/api/segments"): (EDITORS, {"json": {"name": "X", "rule": {"combinator": "no"}}}),
    ("POST", "/api/segments/preview"): (EVERYONE, {"json": {"rule": RULE}}),
    ("POST", "/api/segments/suggest"): (EDITORS, {"json": {"prompt": "customers in Pune"}}),
    ("POST", "/api/segments/explain"): (EVERYONE, {"json": {"rule": RULE, "customer_id": ID}}),
    ("GET", "/api/segments/suggested"): (EVERYONE, {}),
    ("POST", "/api/segments/overlap"): (EVERYONE, {"json": {"segment_ids": [ID, "1" * 24]}}),
    ("GET", "/api/segments/{id}/growth"): (EVERYONE, {}),
    ("POST", "/api/segments/{id}/record"): (EDITORS, {}),
    ("GET", "/api/segments/{id}/members-at"): (EVERYONE, {"params": {"date": "2026-03-03"}}),
    ("GET", "/api/segments/{id}"): (EVERYONE, {}),
    ("PATCH", "/api/segments/{id}"): (EDITORS, {"json": {}}),
    ("DELETE", "/api/segments/{id}"): (EDITORS, {}),
    ("GET", "/api/segments/{id}/customers"): (EVERYONE, {}),
    ("GET", "/api/segments/{id}/customers.csv"): (EDITORS, {}),
    ("GET", "/api/segments/{id}/export"): (EVERYONE, {}),
    ("POST", "/api/segments/import"): (EDITORS, {"json": {"name": "X", "rule": {"combinator": "no"}}}),
    ("GET", "/api/segments/{id}/revisions"): (EVERYONE, {}),
    ("GET", "/api/segments/{id}/revisions/{number}"): (EVERYONE, {}),
    ("POST", "/api/segments/{id}/restore"): (EDITORS, {"json": {"revision": 1}}),
    ("GET", "/api/customers/{id}/segments"): (EVERYONE, {}),
    ("GET", "/api/campaigns"): (EVERYONE, {}),
    ("POST", "/api/campaigns"): (EDITORS, {"json": {"name": "X", "subject": "Y", "body": "Z"}}),
    ("POST", "/api/campaigns/suggest-messages"): (EDITORS, {"json": {"brief": "Say hello"}}),
    ("GET", "/api/campaigns/{id}"): (EVERYONE, {}),
    ("PATCH", "/api/campaigns/{id}"): (EDITORS, {"json": {}}),
    ("DELETE", "/api/campaigns/{id}"): (EDITORS, {}),
    ("POST", "/api/campaigns/{id}/rehearse"): (EVERYONE, {}),
    ("POST", "/api/campaigns/{id}/test"): (EDITORS, {"json": {"addresses": ["x@example.com"]}}),
    ("POST", "/api/campaigns/{id}/send"): (EDITORS, {}),
    ("POST", "/api/campaigns/{id}/pause"): (EDITORS, {}),
    ("POST", "/api/campaigns/{id}/resume"): (EDITORS, {}),
    ("POST", "/api/campaigns/{id}/cancel"): (EDITORS, {}),
    ("POST", "/api/campaigns/{id}/retry"): (EDITORS, {}),
    ("POST", "/api/campaigns/{id}/finish"): (EDITORS, {}),
    ("POST", "/api/campaigns/{id}/duplicate"): (EDITORS, {}),
    ("POST", "/api/campaigns/{id}/archive"): (EDITORS, {}),
    ("POST", "/api/campaigns/{id}/unarchive"): (EDITORS, {}),
    ("GET", "/api/campaigns/{id}/deliveries"): (EVERYONE, {}),
    ("GET", "/api/campaigns/{id}/deliveries.csv"): (EDITORS, {}),
    ("GET", "/api/campaigns.csv"): (EVERYONE, {}),
    ("GET", "/api/deliveries"): (EVERYONE, {}),
    ("GET", "/api/deliveries.csv"): (EDITORS, {}),
    ("GET", "/api/deliveries/{id}"): (EVERYONE, {}),
    ("POST", "/api/deliveries/{id}/resolve"): (EDITORS, {"json": {"arrived": True}}),
    ("POST", "/api/campaigns/{id}/resolve"): (EDITORS, {"json": {"arrived": True}}),
    ("POST", "/api/receipts"): (EDITORS, {"json": {"delivery_id": ID, "event": "delivered"}}),
    ("GET", "/api/audit"): (MANAGERS, {}),
    ("GET", "/api/audit.csv"): (MANAGERS, {}),
    ("GET", "/api/keys"): (EVERYONE, {}),
    ("POST", "/api/keys"): (EVERYONE, {"json": {"name": "X", "scopes": ["customers.read"]}}),
    ("POST", "/api/keys/{id}/rotate"): (EVERYONE, {}),
    ("DELETE", "/api/keys/{id}"): (EVERYONE, {}),
    ("GET", "/api/sessions"): (EVERYONE, {}),
    ("DELETE", "/api/sessions/{id}"): (EVERYONE, {}),
    ("GET", "/api/ai-calls"): (OWNERS, {}),
    ("GET", "/api/ai-calls/{id}"): (OWNERS, {}),
    ("GET", "/api/insights/shop"): (EVERYONE, {}),
    ("GET", "/api/insights/campaigns/{id}"): (EVERYONE, {}),
    ("GET", "/api/insights/customers/{id}"): (EVERYONE, {}),
    ("POST", "/api/auth/sign-out"): (EVERYONE, {}),
}


def test_the_table_names_every_route(app: FastAPI):
    documented = {(method.upper(), path) for path, item in app.openapi()["paths"].items() for method in item}
    assert documented == set(ROUTES) | OPEN


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_gets_what_the_table_says(app: FastAPI, database, role: Role):
    member = await Member(email="someone@example.com", role=role).insert()
    async with client_of(app, member) as client:
        for (method, path), (roles, request) in ROUTES.items():
            response = await client.request(method, path.replace("{id}", ID).replace("{number}", "1"), **request)
            refused = response.status_code == 403
            assert refused == (role not in roles), (method, path, role, response.status_code, response.text)
            assert response.status_code < 500, (method, path, response.text)
            assert response.status_code != 401


async def test_strangers_get_nothing(app: FastAPI, database):
    async with client_of(app) as client:
        for (method, path), (_, request) in ROUTES.items():
            for sent in (request, {"content": b"{", "headers": {"Content-Type": "application/json"}}):
                response = await client.request(method, path.replace("{id}", ID).replace("{number}", "1"), **sent)
                assert response.status_code == 401, (method, path, response.text)
                assert response.headers["content-type"] == "application/problem+json"
                assert response.headers["www-authenticate"] == "Bearer"
