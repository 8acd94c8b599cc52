"""Scripts that stand in a page carry the nonce of its answer, so that the browser runs them and no other.

The nonce is put into NiceGUI's template and into our own markup before anything is filled in: a value that smuggles a
`<script>` into a page is not given one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jinja2
from fastapi import Request
from jinja2.loaders import BaseLoader
from nicegui import client as nicegui_client

from app.api.content_policy import nonce_of

_SCRIPT = re.compile(r"<script(?=[\s>])")
MARK = "{csp-nonce}"
"""Stands in markup of ours that is shared by all pages, until the page is answered."""


def with_nonce(markup: str) -> str:
    """Markup of ours for the head or body of a page, its scripts marked."""
    return _SCRIPT.sub(f'<script nonce="{MARK}"', markup)


class _Marking(BaseLoader):
    """NiceGUI's templates with a nonce on each script."""

    def __init__(self, inner: BaseLoader) -> None:
        self._inner = inner

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, name, fresh = self._inner.get_source(environment, template)
        source = _SCRIPT.sub('<script nonce="{{ nonce }}"', source)
        for field in ("head_html", "body_html"):
            source = source.replace(f"{{{{ {field} | safe }}}}", f"{{{{ {field} | marked(nonce) | safe }}}}")
        return source, name, fresh


def _nonce(request: Request) -> dict[str, Any]:
    return {"nonce": nonce_of(request.scope)}


def install() -> None:
    """Once in a process."""
    templates = nicegui_client.templates
    environment = templates.env
    if isinstance(environment.loader, _Marking):
        return
    assert environment.loader is not None
    environment.loader = _Marking(environment.loader)
    environment.filters["marked"] = lambda markup, nonce: markup.replace(MARK, nonce)
    templates.context_processors.append(_nonce)
    if environment.cache is not None:
        environment.cache.clear()
