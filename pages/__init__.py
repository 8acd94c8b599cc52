"""The pages: NiceGUI mounted on the FastAPI application."""

from __future__ import annotations

import importlib
import logging

from fastapi import FastAPI
from nicegui import Client, core, ui
from nicegui import app as nicegui_app
from starlette.responses import Response

from app.audit import origin_of_pages
from app.errors import CohortError
from app.settings import Settings
from pages import errors, nonces, palette, sessions, theme
from pages.components import message_view
from pages.gate import THEME_SCRIPT
from pages.nonces import with_nonce
from pages.packets import send_text_alone
from pages.socket_guard import SocketGuard

PAGES = (
    "signin",
    "password",
    "welcome",
    "home",
    "customers",
    "customer",
    "orders",
    "imports",
    "segments",
    "segment_overlap",
    "segment_ideas",
    "segment_growth",
    "segment_history",
    "segment_people",
    "segment",
    "campaigns",
    "campaign",
    "log",
    "outbox",
    "ai_log",
    "settings_audit",
    "settings_account",
    "settings_keys",
    "settings_team",
    "settings_sign_in",
    "second_step_setup",
    "settings_roles",
    "settings_policy",
)


def install(app: FastAPI, settings: Settings) -> None:
    """Put every page on `app`. To be called after its own routes are there, since NiceGUI is mounted at the root."""
    for name in PAGES:
        module = importlib.import_module(f"pages.{name}")
        if hasattr(module, "install"):
            module.install()
    origin_of_pages(_address)
    _serve_stylesheet()
    nicegui_app.add_static_files("/face", theme.STATIC, max_cache_age=86_400)
    message_view.install()
    errors.install()
    nonces.install()
    head = with_nonce(f'<link rel="stylesheet" href="{theme.stylesheet_url()}">{THEME_SCRIPT}{palette.SHORTCUT}')
    if head not in Client.shared_head_html:
        ui.add_head_html(head, shared=True)
    nicegui_app.colors(
        primary="#5b5bd6",
        dark="#18191b",
        dark_page="#111113",
        positive="#29a383",
        negative="#c22d10",
        warning="#ffc53d",
    )
    nicegui_app.on_startup(sessions.start)
    app.state.closing.append(sessions.stop)  # NiceGUI shuts down later, when the signals are gone
    app.add_middleware(SocketGuard)
    _quiet_expected_errors()
    core.sio.eio.cors_allowed_origins = None
    send_text_alone()
    ui.run_with(
        app,
        title="Cohort",
        favicon=(theme.STATIC / "favicon.svg").read_text(encoding="utf-8").strip(),
        dark=None,
        language="en-US",
        tailwind=False,
        reconnect_timeout=10,
        show_welcome_message=False,
    )


def _address() -> str | None:
    """Of the browser whose event is being handled; None outside of pages."""
    try:
        return ui.context.client.ip or ""
    except RuntimeError:
        return None


def _serve_stylesheet() -> None:
    @nicegui_app.get(theme.stylesheet_url(), include_in_schema=False)
    def stylesheet() -> Response:
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(theme.stylesheet(), media_type="text/css", headers=headers)


class _OnlyUnexpected(logging.Filter):
    """Keeps errors that members are told about (a wrong input, a conflict) out of the error log."""

    def filter(self, record: logging.LogRecord) -> bool:
        problem = record.exc_info[1] if record.exc_info else None
        return not isinstance(problem, CohortError)


def _quiet_expected_errors() -> None:
    logger = logging.getLogger("nicegui")
    if not any(isinstance(present, _OnlyUnexpected) for present in logger.filters):
        logger.addFilter(_OnlyUnexpected())
