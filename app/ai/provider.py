"""The one door to an AI provider: Gemini, or a server that speaks OpenAI's chat completions. Every call is kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal, TypeAlias

from app.settings import Settings, get_settings
from models import AiCall
from models.member import Member

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelResponse

Provider: TypeAlias = Literal["gemini", "openai"]
Purpose: TypeAlias = Literal["segment", "description", "copy", "insight"]

NAMES: dict[Provider, str] = {"gemini": "Gemini", "openai": "the OpenAI-compatible server"}
MOST_KEPT = 100_000
"""Characters of a prompt or reply that the log keeps."""


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
) -> Reply:
    """Ask once, without retries, and keep question and answer in the log, also of a failure.

    `timeout` is in seconds for the whole request, `most_tokens` limits the output. `as_json` asks for JSON where the
    provider has a switch for it. Raises ProviderFailed with a sentence of its own for each kind of failure.
    """
    settings = get_settings()
    name = configured(settings)
    if name is None:
        raise ProviderFailed("not_configured", "No AI provider is configured.")
    call = AiCall(
        purpose=purpose,
        provider=name,
        model=settings.gemini_model if name == "gemini" else settings.openai_model,
        prompt=_transcript(instructions, before, prompt)[:MOST_KEPT],
        member_id=member.id,
    )
    # Loading the providers' libraries takes seconds, so whoever never asks never does, and nobody is held up by it.
    wire = await asyncio.to_thread(import_module, "app.ai.wire")
    began = time.monotonic()
    try:
        response: ModelResponse = await wire.request(
            settings, name, instructions, before, prompt, timeout, most_tokens, as_json
        )
        _note(call, response)
        return Reply(_text_of(response, name), response.finish_reason == "length", _tokens(response), call)
    except ProviderFailed as failed:
        call.outcome = failed.code
        raise
    except wire.EXPECTED as problem:
        plain: ProviderFailed = wire.failed(problem, name, timeout)
        call.outcome = plain.code
        call.reply = call.reply or str(problem)[:MOST_KEPT]
        raise plain from problem
    finally:
        call.took_ms = round((time.monotonic() - began) * 1000)
        await call.insert()


def _note(call: AiCall, response: ModelResponse) -> None:
    call.reply = (response.text or "")[:MOST_KEPT]
    call.input_tokens = response.usage.input_tokens
    call.output_tokens = response.usage.output_tokens


def _tokens(response: ModelResponse) -> int:
    return response.usage.input_tokens + response.usage.output_tokens


def _text_of(response: ModelResponse, name: Provider) -> str:
    if response.finish_reason == "content_filter":
        raise ProviderFailed("blocked", f"{named(name)} declined this text for its safety rules.")
    text = (response.text or "").strip()
    if not text and response.finish_reason != "length":
        raise ProviderFailed("empty", f"{named(name)} gave an empty answer.")
    return text


def _transcript(instructions: str, before: Sequence[Turn], prompt: str) -> str:
    turns = "".join(f"{turn.prompt}\n\n--- reply ---\n{turn.reply}\n\n--- next ---\n" for turn in before)
    return f"{instructions}\n\n--- request ---\n{turns}{prompt}"
