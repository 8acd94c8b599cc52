"""How a provider is spoken to, through pydantic-ai, whose import takes seconds; only `app.ai.provider` loads it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import httpx2
from pydantic_ai import ModelProfile
from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.exceptions import (
    AgentRunError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestTimeout,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
    UnexpectedModelBehavior,
    UserError,
)
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
)
from pydantic_ai.models import Model, ModelRequestParameters, create_async_httpx2_client
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.settings import ModelSettings

from app.ai.provider import NAMES, Provider, ProviderFailed, Turn, named
from app.settings import Settings

EXPECTED = (AgentRunError, UserError, httpx2.HTTPError, OSError, ValueError)
"""What a request may raise that is no defect of ours; `failed` puts it into words."""


async def request(
    settings: Settings,
    name: Provider,
    instructions: str,
    before: Sequence[Turn],
    prompt: str,
    timeout: float,
    most_tokens: int,
    as_json: bool,
) -> ModelResponse:
    """Ask once. Raises one of EXPECTED."""
    async with _readable(), _model(settings, name, timeout) as model:
        json_mode = as_json and name == "gemini" and bool(model.profile.get("supports_json_object_output"))
        return await model_request(
            model,
            _messages(instructions, before, prompt),
            model_settings=_limits(timeout, most_tokens),
            model_request_parameters=ModelRequestParameters(output_mode="prompted" if json_mode else "text"),
        )


async def stream(
    settings: Settings,
    name: Provider,
    instructions: str,
    before: Sequence[Turn],
    prompt: str,
    timeout: float,
    most_tokens: int,
    heard: Callable[[str], None],
) -> ModelResponse:
    """Ask once and call `heard` with all of the text so far whenever more of it arrives. Raises one of EXPECTED."""
    async with _readable(), _model(settings, name, timeout) as model:
        asked = model_request_stream(
            model, _messages(instructions, before, prompt), model_settings=_limits(timeout, most_tokens)
        )
        async with asked as answer:
            text = ""
            async for event in answer:
                if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
                    text += event.part.content
                elif isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
                    text += event.delta.content_delta
                else:
                    continue
                heard(text)
            return answer.get()


def _messages(instructions: str, before: Sequence[Turn], prompt: str) -> list[ModelMessage]:
    messages: list[ModelMessage] = []
    for turn in before:
        messages.append(ModelRequest.user_text_prompt(turn.prompt, instructions=instructions))
        messages.append(ModelResponse(parts=[TextPart(turn.reply)]))
    messages.append(ModelRequest.user_text_prompt(prompt, instructions=instructions))
    return messages


def _limits(timeout: float, most_tokens: int) -> ModelSettings:
    return ModelSettings(max_tokens=most_tokens, timeout=timeout, request_timeout=timeout, max_retries=0)


@asynccontextmanager
async def _readable() -> AsyncIterator[None]:
    """An answer that is not quite the protocol, such as one with no choices, makes the libraries stumble in any way."""
    try:
        yield
    except (LookupError, TypeError, AttributeError) as problem:
        raise UnexpectedModelBehavior(f"the answer could not be read: {problem!r}") from problem


@asynccontextmanager
async def _model(settings: Settings, name: Provider, timeout: float) -> AsyncIterator[Model]:
    async with create_async_httpx2_client(timeout=timeout) as client:
        yield _gemini(settings, client) if name == "gemini" else _openai(settings, client)


def _gemini(settings: Settings, client: httpx2.AsyncClient) -> Model:
    provider = GoogleProvider(
        api_key=settings.gemini_api_key.get_secret_value(),
        base_url=settings.gemini_base_url or None,
        http_client=client,
    )
    return GoogleModel(settings.gemini_model, provider=provider)


def _openai(settings: Settings, client: httpx2.AsyncClient) -> Model:
    """OpenAI itself, or any server that speaks chat completions; those know `max_tokens` by its older name."""
    key = settings.openai_api_key.get_secret_value() or "no-key"
    if not settings.openai_base_url:
        return OpenAIChatModel(
            settings.openai_model,
            provider=OpenAIProvider(base_url="https://api.openai.com/v1", api_key=key, http_client=client),
        )
    profile: ModelProfile = OpenAIModelProfile(openai_chat_supports_max_completion_tokens=False)
    provider = OpenAICompatibleProvider(
        "openai-compatible", base_url=settings.openai_base_url, api_key=key, http_client=client, profile=profile
    )
    return OpenAIChatModel(settings.openai_model, provider=provider)


def failed(problem: Exception, name: Provider, timeout: float) -> ProviderFailed:
    """What went wrong, in a sentence of its own for each kind."""
    who = named(name)
    if isinstance(problem, ModelRequestTimeout | ModelTimeoutError | httpx2.TimeoutException | TimeoutError):
        return ProviderFailed("timeout", f"{who} did not answer within {timeout:g} seconds.")
    if isinstance(problem, ModelRateLimitError):
        return ProviderFailed("rate_limited", f"{who} is receiving too many requests from this key right now.")
    if isinstance(problem, ModelQuotaExceededError):
        return ProviderFailed("quota", f"The quota or credit of the key for {NAMES[name]} is used up.")
    if isinstance(problem, ModelAuthenticationError):
        return ProviderFailed("not_authorised", f"{who} refused the API key. An owner should check it in the settings.")
    if isinstance(problem, ModelNotFoundError):
        return ProviderFailed("unknown_model", f"{who} does not know the model or the address that is set.")
    if isinstance(problem, ModelUnavailableError | ModelServerError):
        return ProviderFailed("unavailable", f"{who} is temporarily not available.")
    if isinstance(problem, ModelHTTPError):
        return ProviderFailed("rejected", f"{who} rejected the request (status {problem.status_code}).")
    if isinstance(problem, ModelConnectionError | httpx2.HTTPError | OSError):
        return ProviderFailed("unreachable", f"{who} could not be reached.")
    return ProviderFailed("unreadable", f"{who} sent an answer that could not be read.")
