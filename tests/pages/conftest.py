"""NiceGUI's simulated user on our whole application, signed in by the same cookie a browser has."""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest
from nicegui import ui
from nicegui.functions.download import download
from nicegui.functions.navigate import Navigate
from nicegui.functions.notify import notify
from nicegui.testing import User
from nicegui.testing.general import nicegui_reset_globals

from app.main import create_app
from app.settings import Settings
from models import Member
from pages import sessions
from tests.signing_in import give_cookies

UserOf = Callable[[Member | None], Awaitable[User]]


@asynccontextmanager
async def _running(settings: Settings) -> AsyncIterator[httpx.ASGITransport]:
    gc.freeze()  # NiceGUI walks and collects the whole heap for each application; what others left is not its business
    with nicegui_reset_globals():
        os.environ["NICEGUI_USER_SIMULATION"] = "true"
        try:
            app = create_app(settings)
            async with app.router.lifespan_context(app):
                yield httpx.ASGITransport(app)
        finally:
            os.environ.pop("NICEGUI_USER_SIMULATION", None)
            ui.navigate, ui.notify, ui.download = Navigate(), notify, download


@pytest.fixture
async def user_of(settings: Settings, database: object, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[UserOf]:
    """Makes a user of the running application: signed in as the member, or a stranger for None.

    Nobody looks after the sessions by the clock: a test that is about it asks `sessions.look_once` itself.
    """
    monkeypatch.setattr(sessions, "LOOK_SECONDS", 3600)
    async with AsyncExitStack() as stack:
        transport = await stack.enter_async_context(_running(settings))

        async def make(member: Member | None) -> User:
            client = httpx.AsyncClient(transport=transport, base_url="http://cohort.test", timeout=20)
            await stack.enter_async_context(client)
            if member is not None:
                await give_cookies(client, member)
            return User(client)

        yield make


@pytest.fixture
async def user(user_of: UserOf, alice: Member) -> User:
    """Alice, an owner, at her browser."""
    return await user_of(alice)


@pytest.fixture
async def viewer(user_of: UserOf, charlie: Member) -> User:
    """Charlie, who may look and change nothing, at his browser."""
    return await user_of(charlie)
