"""Every route, every role: allowed as the table says, refused otherwise, and nothing without signing in.

Routes and roles are made from the application and the table. What the table itself says stands here once more, by hand,
so that nobody changes it in passing.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.api.docs import operations
from app.api.routes import action_of, for_members
from app.auth.permissions import ACTIONS, PERMISSIONS
from models import Member
from models.member import Role
from tests.api.conftest import client_of

ID = "0" * 24
RULE = {"combinator": "and", "rules": []}
NO_RULE = {"combinator": "no"}

TABLE = {
    "customers.read": "owner manager marketer viewer",
    "customers.contact": "owner manager marketer",
    "customers.write": "owner manager marketer",
    "customers.delete": "owner manager",
    "customers.export": "owner manager marketer",
    "orders.read": "owner manager marketer viewer",
    "orders.write": "owner manager marketer",
    "imports.run": "owner manager marketer",
    "segments.read": "owner manager marketer viewer",
    "segments.write": "owner manager marketer",
    "campaigns.read": "owner manager marketer viewer",
    "campaigns.write": "owner manager marketer",
    "campaigns.send": "owner manager marketer",
    "campaigns.approve": "owner manager",
    "deliveries.read": "owner manager marketer viewer",
    "ai.use": "owner manager marketer",
    "ai.log": "owner",
    "audit.read": "owner manager",
    "policies.manage": "owner",
    "members.manage": "owner",
}
OPEN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("POST", "/api/auth/token"),
    ("POST", "/api/auth/refresh"),
}
FOR_EVERY_MEMBER = {
    ("GET", "/api/me"),
    ("GET", "/api/keys"),
    ("POST", "/api/keys"),
    ("POST", "/api/keys/{id}/rotate"),
    ("DELETE", "/api/keys/{id}"),
    ("GET", "/api/sessions"),
    ("DELETE", "/api/sessions/{id}"),
    ("POST", "/api/auth/sign-out"),
}
SENT: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/customers"): {"json": {"name": "X"}},
    ("POST", "/api/customers/bulk"): {"json": []},
    ("POST", "/api/orders"): {"json": {"customer_id": ID, "amount": 1}},
    ("POST", "/api/orders/bulk"): {"json": []},
    ("POST", "/api/imports"): {"data": {"kind": "customers"}, "files": {"file": ("a.csv", b"x\n")}},
    ("POST", "/api/segments"): {"json": {"name": "X", "rule": NO_RULE}},
    ("POST", "/api/segments/preview"): {"json": {"rule": RULE}},
    ("POST", "/api/segments/suggest"): {"json": {"prompt": "customers in Pune"}},
    ("POST", "/api/segments/explain"): {"json": {"rule": RULE, "customer_id": ID}},
    ("POST", "/api/segments/overlap"): {"json": {"segment_ids": [ID, "1" * 24]}},
    ("GET", "/api/segments/{id}/members-at"): {"params": {"date": "2026-03-03"}},
    ("POST", "/api/segments/import"): {"json": {"name": "X", "rule": NO_RULE}},
    ("POST", "/api/segments/{id}/restore"): {"json": {"revision": 1}},
    ("POST", "/api/campaigns"): {"json": {"name": "X", "subject": "Y", "body": "Z"}},
    ("POST", "/api/campaigns/suggest-messages"): {"json": {"brief": "Say hello"}},
    ("POST", "/api/campaigns/{id}/test"): {"json": {"addresses": ["x@example.com"]}},
    ("POST", "/api/campaigns/{id}/decline"): {"json": {"reason": "No"}},
    ("POST", "/api/deliveries/{id}/resolve"): {"json": {"arrived": True}},
    ("POST", "/api/campaigns/{id}/resolve"): {"json": {"arrived": True}},
    ("POST", "/api/receipts"): {"json": {"delivery_id": ID, "event": "delivered"}},
    ("POST", "/api/keys"): {"json": {"name": "X", "scopes": ["customers.read"]}},
    ("PUT", "/api/policies/approval"): {"json": {"above": 5}},
}
"""What a route has to be sent to get as far as its service; an empty object for the others."""

SIGN_OUT = ("POST", "/api/auth/sign-out")
ROUTES = {(method, path): action_of(route) for method, path, route in operations() if for_members(route)}
ROUTES[SIGN_OUT] = ROUTES.pop(SIGN_OUT)
"""The action that each route needs. Signing out comes last: nothing can be asked in that session afterwards."""


async def _ask(client: httpx.AsyncClient, method: str, path: str, **sent: Any) -> httpx.Response:
    return await client.request(method, path.replace("{id}", ID).replace("{number}", "1"), **sent)


def _sent(method: str, path: str) -> dict[str, Any]:
    known = SENT.get((method, path))
    return known if known is not None else {"json": {}} if method in ("PATCH", "PUT") else {}


def test_the_table_says_what_was_decided():
    assert {action.name: " ".join(role for role in Role if role in action.roles) for action in ACTIONS} == TABLE
    assert {action.name for action in ACTIONS if action.by_person} == {"campaigns.approve", "policies.manage"}


def test_every_action_is_in_words_and_once():
    assert len({action.name for action in ACTIONS}) == len({action.words for action in ACTIONS}) == len(ACTIONS)


def test_every_route_has_its_action_and_says_so(app: FastAPI):
    document = app.openapi()["paths"]
    documented = {(method.upper(), path) for path, item in document.items() for method in item}
    assert documented == set(ROUTES) | OPEN
    assert {route for route, action in ROUTES.items() if action is None} == FOR_EVERY_MEMBER
    for (method, path), action in ROUTES.items():
        operation = document[path][method.lower()]
        assert operation["x-permission"] == action
        assert (f"Needs `{action}`" if action else "For every member") in operation["description"]


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_gets_what_the_table_says(app: FastAPI, database, role: Role):
    member = await Member(email="someone@example.com", role=role).insert()
    async with client_of(app, member) as client:
        for (method, path), action in ROUTES.items():
            response = await _ask(client, method, path, **_sent(method, path))
            may = action is None or role in PERMISSIONS[action]
            assert (response.status_code == 403) != may, (method, path, role, response.status_code, response.text)
            assert response.status_code < 500, (method, path, response.text)
            assert response.status_code != 401


async def test_strangers_get_nothing(app: FastAPI, database):
    async with client_of(app) as client:
        for method, path in ROUTES:
            for sent in (_sent(method, path), {"content": b"{", "headers": {"Content-Type": "application/json"}}):
                response = await _ask(client, method, path, **sent)
                assert response.status_code == 401, (method, path, response.text)
                assert response.headers["content-type"] == "application/problem+json"
                assert response.headers["www-authenticate"] == "Bearer"


async def test_a_token_from_before_a_change_of_role_does_what_the_role_does_now(app: FastAPI, database):
    member = await Member(email="someone@example.com", role=Role.OWNER).insert()
    async with client_of(app, member) as client:
        await member.set({"role": Role.VIEWER})
        for (method, path), action in ROUTES.items():
            response = await _ask(client, method, path, **_sent(method, path))
            may = action is None or Role.VIEWER in PERMISSIONS[action]
            assert (response.status_code == 403) != may, (method, path, response.text)
