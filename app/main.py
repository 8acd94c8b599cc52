"""Builds the web application: REST, health and sign-in on a FastAPI parent, the pages mounted on it."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from importlib.metadata import version
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from app import database
from app.api import routers
from app.api.body_limit import BodyLimit
from app.api.docs import install as install_docs
from app.api.metrics import Measured
from app.api.origin import OwnOriginOnly, own_origin_only
from app.api.problems import install as install_problems
from app.api.rate_limits import RateLimits
from app.api.security_headers import SecurityHeaders
from app.audit.key_change import note_key_change
from app.auth import failures
from app.auth.members import ensure_owner, system_member
from app.auth.resealing import reseal_all
from app.auth.session import SlidingSession
from app.campaigns.record import live
from app.errors import SettingsError, Unavailable
from app.processes import end_as_orphan
from app.segments.preview import get_ready
from app.settings import Settings, get_settings, use_settings

FIRST_TRY_SECONDS = 3
RETRY_SECONDS = 1
SHUTDOWN_SECONDS = 10
ORPHAN_SECONDS = 2.0
"""How long the same may take once the supervisor has died."""

log = structlog.get_logger(__name__)


def create_app(settings: Settings | None = None, *, with_pages: bool = True) -> FastAPI:
    """The application, for `uvicorn app.main:create_app --factory`; `settings` default to the environment's.

    `with_pages=False` leaves the NiceGUI pages out: REST, health and sign-in alone.
    """
    if settings is not None:
        use_settings(settings)
    settings = get_settings()
    app = FastAPI(
        title="Cohort",
        version=version("cohort"),
        description="Customers, orders, segments and campaigns of one shop.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.closing = []
    install_problems(app)
    install_docs(app)
    for router in routers():
        app.include_router(router)
    for middleware in (SlidingSession, OwnOriginOnly, BodyLimit, RateLimits, SecurityHeaders, Measured):
        app.add_middleware(middleware)
    if with_pages:
        _install_pages(app, settings)
    return app


def serve(settings: Settings, app: FastAPI | None = None) -> None:
    """Serve `app`, or a new one, until SIGTERM or SIGINT; open requests get ten seconds to end."""
    _Server(uvicorn_config(settings, app)).run()


class _Server(uvicorn.Server):
    """One that does not outlive `cohort run`: its servers end with it, so open requests wait for nothing."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._parent = os.getppid()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The kernel says SIGTERM too when the parent was killed; then the next `cohort run` waits for this process."""
        if not self.should_exit:
            end_as_orphan(self._parent, ORPHAN_SECONDS)
        super().handle_exit(sig, frame)


def uvicorn_config(settings: Settings, app: FastAPI | None = None) -> uvicorn.Config:
    """How the application is served. Who a request comes from is the connection, unless that is a trusted proxy."""
    return uvicorn.Config(
        app or create_app(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        log_config=None,
        # Pages get small messages often: packing each costs a third of its whole way, and 300 KB a connection.
        ws_per_message_deflate=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
    )


def page_permissions(settings: Settings) -> Mapping[str, str | None]:
    """Every page for members by its path, with the action of the permission table that it needs."""
    create_app(settings)
    from pages.frame import PERMISSION_OF

    return PERMISSION_OF


def _install_pages(app: FastAPI, settings: Settings) -> None:
    from nicegui import core

    from pages import install

    install(app, settings)
    core.sio.eio.cors_allowed_origins = own_origin_only


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Serve at once; a database that is away is tried again until it is there."""
    settings: Settings = app.state.settings
    for name, url in (("MONGODB_URL", settings.mongodb_url), ("REDIS_URL", settings.redis_url)):
        if not url:
            raise SettingsError(f"{name}: is empty; `cohort run` starts the embedded servers, this process does not")
    preparing = asyncio.create_task(_prepare(settings))
    preparing.add_done_callback(_report)
    ahead = asyncio.create_task(_ahead_of_the_first_rule(preparing))
    try:
        await asyncio.wait({preparing}, timeout=FIRST_TRY_SECONDS)
        if preparing.done():
            preparing.result()
        yield
    finally:
        preparing.cancel()
        ahead.cancel()
        await asyncio.wait({preparing, ahead})
        for close in app.state.closing:
            await close()
        await failures.settled()
        await live.stop()
        await database.disconnect()


async def _prepare(settings: Settings) -> None:
    """Connect, make the owner of the settings, follow the running campaigns; what is away is waited for."""

    async def with_database() -> None:
        await database.connect(settings.mongodb_url)
        await ensure_owner(settings)
        await note_key_change(system_member())
        await reseal_all()

    await _until_it_works("database", with_database)
    await _until_it_works("queue", live.start)


async def _ahead_of_the_first_rule(preparing: asyncio.Task[None]) -> None:
    """Once everything is there; what fails here fails again, and is told, where a rule needs it."""
    await asyncio.wait({preparing})
    with contextlib.suppress(Unavailable, PyMongoError, OSError):
        if not preparing.cancelled() and preparing.exception() is None:
            await get_ready()


async def _until_it_works(name: str, step: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await step()
            return
        except (Unavailable, PyMongoError, RedisError, OSError) as problem:
            log.warning("waiting", for_=name, detail=str(problem)[:300])
            await asyncio.sleep(RETRY_SECONDS)


def _report(preparing: asyncio.Task[None]) -> None:
    if not preparing.cancelled() and (problem := preparing.exception()):
        log.error("the start failed", exc_info=problem)
