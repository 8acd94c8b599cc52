"""Every route that changes something refuses what another site made the browser send."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.api import routers
from app.api.origin import FROM_ANYWHERE
from app.auth.session import COOKIE
from models import Member
from tests.api.conftest import client_of
from tests.signing_in import access_of

FOREIGN = (
    {},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://cohort.test.evil.example"},
    {"Origin": "http://cohort.test:8080"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://cohort.test"},
)


def changing() -> list[tuple[str, str]]:
    """Every method and path of the application that is not for reading."""
    return [
        (method, route.path)
        for router in routers()
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in sorted((route.methods or set()) - {"GET", "HEAD", "OPTIONS"})
    ]


async def test_every_changing_route_refuses_other_sites(app: FastAPI, alice: Member):
    routes = changing()
    assert len(routes) > 50
    async with client_of(app) as client:
        client.cookies.set(COOKIE, await access_of(alice, kind="browser"))
        for method, path in routes:
            if path.startswith(FROM_ANYWHERE) or path == "/{path:path}":
                continue
            address = path.replace("{id}", "0" * 24).replace("{", "").replace("}", "")
            for headers in FOREIGN:
                answer = await client.request(method, address, headers=headers)
                assert (answer.status_code, answer.headers["content-type"]) == (
                    403,
                    "application/problem+json",
                ), (method, path, headers)


@pytest.mark.parametrize("path", ["/signin", "/welcome", "/forgot", "/reset", "/join", "/signin-code", "/signout"])
async def test_forms_refuse_other_sites_without_a_cookie_too(stranger: httpx.AsyncClient, path: str):
    for headers in FOREIGN[1:]:
        assert (await stranger.post(path, data={"email": "x"}, headers=headers)).status_code == 403, headers


async def test_a_bearer_token_needs_no_origin(owner: httpx.AsyncClient):
    owner.cookies.set(COOKIE, "whatever")
    made = await owner.post("/api/customers", json={"email": "x@example.com"}, headers={"Origin": "https://elsewhere"})
    assert made.status_code == 201
