"""A client for the application, with bearer tokens for Alice (owner), Bob (marketer), Charlie (viewer)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from app.main import create_app
from models import Member
from tests.hashing import cheap_hashes
from tests.signing_in import SignedIn

__all__ = ["cheap_hashes"]


@pytest.fixture
async def app(settings, database) -> FastAPI:
    """The application without its pages; the database is connected by the fixture."""
    return create_app(settings, with_pages=False)


@pytest.fixture
async def stranger(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client that is not signed in."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def owner(app: FastAPI, alice: Member) -> AsyncIterator[httpx.AsyncClient]:
    """Alice's client."""
    async with client_of(app, alice) as client:
        yield client


@pytest.fixture
async def marketer(app: FastAPI, bob: Member) -> AsyncIterator[httpx.AsyncClient]:
    """Bob's client."""
    async with client_of(app, bob) as client:
        yield client


@pytest.fixture
async def viewer(app: FastAPI, charlie: Member) -> AsyncIterator[httpx.AsyncClient]:
    """Charlie's client."""
    async with client_of(app, charlie) as client:
        yield client


def client_of(app: FastAPI, member: Member | None = None) -> httpx.AsyncClient:
    """A client that acts as this member by bearer token."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(
        transport=transport, base_url="http://cohort.test", auth=SignedIn(member) if member else None
    )
