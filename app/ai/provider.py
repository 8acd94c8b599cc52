"""The one door to an AI provider: Gemini, or a server that speaks OpenAI's chat completions. Every call is kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from app.ai import breaker
from app.ai.budget import over_budget
from app.settings import Settings, get_settings
from models import AiCall
from models.member import Member
from models.values import now

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelResponse

Provider: TypeAlias = Literal["gemini", "openai"]
Purpose: TypeAlias = Literal["segment", "description", "copy", "insight"]

NAMES: dict[Provider, str] = {"gemini": "Gemini", "openai": "the OpenAI-compatible server"}
MOST_KEPT = 100_000
"""Characters of a prompt or reply that the log keeps."""
REQUEST_MARK = "\n\n--- request ---\n"
"""Stands in the log between the instructions and what was asked."""
_NEXT_MARK = "\n\n--- next ---\n"
SHORT = 200
"""Characters of a question that a list shows."""


def named(name: Provider) -> str:
    """The provider at the beginning of a sentence."""
    return NAMES[name][0].upper() + NAMES[name][1:]


class ProviderFailed(Exception):
    """No usable answer. `code` names the kind, `sentence` says in plain words what happened."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True)
class Turn:
    """A question that was asked before and what was answered."""

    prompt: str
    reply: str


@dataclass(frozen=True)
class Reply:
    """What came back. `cut` tells that it ran into the limit of output tokens; `call` is its line in the log."""

    text: str
    cut: bool
    tokens: int
    call: AiCall

    async def judge(self, outcome: str) -> None:
        """Note in the log what became of the reply: the name of the error it had."""
        self.call.outcome = outcome
        await self.call.save()


def configured(settings: Settings | None = None) -> Provider | None:
    """The provider in use: Gemini with a key, else OpenAI with a key or a server of one's own, else None."""
    settings = settings or get_settings()
    if settings.gemini_api_key.get_secret_value():
        return "gemini"
    if settings.openai_api_key.get_secret_value() or settings.openai_base_url:
        return "openai"
    return None


@dataclass
class Asking:
    """A request under way: what to send it with, and its line in the log."""

    settings: Settings
    name: Provider
    call: AiCall
    wire: Any
    """The module `app.ai.wire`."""

    def note(self, response: ModelResponse) -> None:
        """Put reply and tokens into the log's line. A server that counts no tokens has them estimated."""
        self.call.reply = printable(response.text or _called_with(response))[:MOST_KEPT]
        read, written = response.usage.input_tokens, response.usage.output_tokens
        if not read and not written:
            read, written = _estimated(self.call.prompt), _estimated(self.call.reply)
        self.call.input_tokens, self.call.output_tokens = read, written


@asynccontextmanager
async def asking(
    purpose: Purpose, transcript: str, *, member: Member, timeout: float, about: str = ""
) -> AsyncIterator[Asking]:
    """Around one request to the provider: its budget, its deadline, its line in the log, its failures in plain words.

    `transcript` is all that is sent, for the log; `about` what a list shows of it, else how the last question begins.
    `timeout` is in seconds for everything inside. Raises ProviderFailed:
    `not_configured`, `over_budget` and `resting` before anything is sent or logged, and for what happened inside.
    """
    settings = get_settings()
    name = configured(settings)
    if name is None:
        raise ProviderFailed("not_configured", "No AI provider is configured.")
    key = _key(settings, name)
    # Loading the providers' libraries takes seconds, so whoever never asks never does, and nobody is held up by it.
    wire = await asyncio.to_thread(import_module, "app.ai.wire")
    if (words := await over_budget(member, settings)) is not None:
        raise ProviderFailed("over_budget", words)
    if (words := breaker.resting(key)) is not None:
        raise ProviderFailed("resting", words)
    call = AiCall(
        purpose=purpose,
        provider=name,
        model=settings.gemini_model if name == "gemini" else settings.openai_model,
        asked=_short(about or transcript.rpartition(_NEXT_MARK)[2].rpartition(REQUEST_MARK)[2]),
        prompt=printable(transcript)[:MOST_KEPT],
        member_id=member.id,
        expires_at=now() + timedelta(days=settings.ai_log_days) if settings.ai_log_days else None,
    )
    began = time.monotonic()
    try:
        async with asyncio.timeout(timeout):
            yield Asking(settings, name, call, wire)
        breaker.answered(key)
    except ProviderFailed as failed:
        call.outcome = failed.code
        breaker.answered(key)
        raise
    except wire.EXPECTED as problem:
        plain: ProviderFailed = wire.failed(problem, name, timeout)
        call.outcome = plain.code
        call.reply = call.reply or printable(str(problem))[:MOST_KEPT]
        breaker.failed(key, plain.sentence)
        raise plain from problem
    except BaseException:
        call.outcome = "stopped"
        breaker.released(key)
        raise
    finally:
        call.took_ms = round((time.monotonic() - began) * 1000)
        await asyncio.shield(call.insert())


async def ask(
    purpose: Purpose,
    instructions: str,
    prompt: str,
    *,
    member: Member,
    timeout: float,
    most_tokens: int,
    before: Sequence[Turn] = (),
    as_json: bool = False,
    about: str = "",
) -> Reply:
    """Ask once, without retries, and keep question and answer in the log, also of a failure.

    `timeout` is in seconds for the whole request, `most_tokens` limits the output. `as_json` asks for JSON where the
    provider has a switch for it; `about` is what a list of the log shows. Raises ProviderFailed with a sentence of its
    own for each kind of failure.
    """
    instructions, prompt = printable(instructions), printable(prompt)
    told = transcript(instructions, before, prompt)
    async with asking(purpose, told, member=member, timeout=timeout, about=about) as request:
        response: ModelResponse = await request.wire.request(
            request.settings, request.name, instructions, before, prompt, timeout, most_tokens, as_json
        )
        request.note(response)
        text = text_of(response, request.name)
        return Reply(text, response.finish_reason == "length", tokens_of(request.call), request.call)


def printable(text: str) -> str:
    """Text with lone surrogates replaced, which neither UTF-8 nor the database can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def tokens_of(call: AiCall) -> int:
    """Tokens read and written by a call."""
    return (call.input_tokens or 0) + (call.output_tokens or 0)


def text_of(response: ModelResponse, name: Provider) -> str:
    """The text of a reply. Raises ProviderFailed `blocked` or `empty`."""
    if response.finish_reason == "content_filter":
        raise ProviderFailed("blocked", f"{named(name)} declined this text for its safety rules.")
    text = printable(response.text or _called_with(response)).strip()
    if not text and response.finish_reason != "length":
        raise ProviderFailed("empty", f"{named(name)} gave an empty answer.")
    return text


def _called_with(response: ModelResponse) -> str:
    """The arguments of the one function that a model called instead of answering; there is none it could have."""
    calls = response.tool_calls
    return calls[0].args_as_json_str() if len(calls) == 1 else ""


def transcript(instructions: str, before: Sequence[Turn], prompt: str) -> str:
    """All that is sent, as the log shows it."""
    turns = "".join(f"{turn.prompt}\n\n--- reply ---\n{turn.reply}{_NEXT_MARK}" for turn in before)
    return f"{instructions}{REQUEST_MARK}{turns}{prompt}"


def _key(settings: Settings, name: Provider) -> tuple[str, ...]:
    """What has to change for a provider to count as another one."""
    if name == "gemini":
        return name, settings.gemini_base_url, settings.gemini_model, settings.gemini_api_key.get_secret_value()
    return name, settings.openai_base_url, settings.openai_model, settings.openai_api_key.get_secret_value()


def _short(text: str) -> str:
    words = " ".join(printable(text).split())
    return words if len(words) <= SHORT else f"{words[: SHORT - 1]}…"


def _estimated(text: str) -> int:
    """Tokens of a text by the providers' rule of thumb of four characters each."""
    return len(text) // 4
