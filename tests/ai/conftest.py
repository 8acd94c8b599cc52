"""Both protocols for every test that asks for `provider`, against servers on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from app.settings import Settings, use_settings
from tests.fakes.gemini import FakeGemini
from tests.fakes.openai import FakeOpenAI
from tests.fakes.scripted import Script, ScriptedServer

Start = Callable[[Script], ScriptedServer]


@pytest.fixture(params=["gemini", "openai"])
def provider(request: pytest.FixtureRequest, settings: Settings, database: object) -> Iterator[Start]:
    """Start a fake with a script; it is the configured provider from then on."""
    with ExitStack() as stack:

        def start(replies: Script) -> ScriptedServer:
            fake: Any = FakeGemini if request.param == "gemini" else FakeOpenAI
            server: ScriptedServer = stack.enter_context(fake(replies=replies))
            use_settings(settings.model_copy(update=_knobs(request.param, server)))
            return server

        start.name = request.param  # type: ignore[attr-defined]
        yield start


def _knobs(name: str, server: Any) -> dict[str, Any]:
    from pydantic import SecretStr

    if name == "gemini":
        return {"gemini_api_key": SecretStr("test-key"), "gemini_base_url": server.base_url}
    return {"openai_base_url": server.base_url, "openai_model": "local-model"}
