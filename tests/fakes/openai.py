"""A server that speaks OpenAI's chat completions (https://platform.openai.com/docs/api-reference/chat)."""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.scripted import (
    Asked,
    Blocked,
    Called,
    Empty,
    Garbage,
    Nothing,
    Reply,
    ScriptedServer,
    Stall,
    Status,
    moment,
    pieces,
    say,
)


class FakeOpenAI(ScriptedServer):
    """Set OPENAI_BASE_URL to `base_url`; a key is not needed."""

    @property
    def base_url(self) -> str:
        """The address to configure."""
        return f"{self.origin}/v1"

    def answer(self, asked: Asked, reply: Reply) -> tuple[int, dict[str, Any] | bytes]:
        """A chat completion, or OpenAI's error object."""
        if isinstance(reply, Status):
            kind = {401: "invalid_api_key", 429: "rate_limit_exceeded"}.get(reply.code, "server_error")
            return reply.code, {
                "error": {"message": f"scripted {reply.code}", "type": kind, "code": kind, "param": None}
            }
        if isinstance(reply, Garbage):
            return 200, b"<html>this is not the API</html>"
        content, refusal, finish = _content(reply)
        message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": refusal}
        if isinstance(reply, Called):
            called = {"name": "plan", "arguments": reply.arguments}
            message["tool_calls"] = [{"id": "call-fake", "type": "function", "function": called}]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        return 200, {
            "id": "chatcmpl-fake",
            "object": "chat.completion",
            "created": moment(),
            "model": asked.body.get("model", "fake"),
            "choices": [] if isinstance(reply, Nothing) else [choice],
            "usage": _usage(asked, reply),
        }

    def stream(self, asked: Asked, reply: Reply) -> list[bytes] | None:
        """The same as chunks, when the request says `stream`; usage only for who asks for it, as OpenAI does."""
        if not asked.body.get("stream") or isinstance(reply, Status | Garbage):
            return None
        content, _, finish = _content(reply)
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
        deltas += [{"content": piece} for piece in pieces(content or "")]
        events = [_chunk(asked, choices=[_choice(delta, None)]) for delta in deltas]
        if isinstance(reply, Stall):
            return events
        events.append(_chunk(asked, choices=[_choice({}, finish)]))
        if (asked.body.get("stream_options") or {}).get("include_usage"):
            events.append(_chunk(asked, choices=[], usage=_usage(asked, reply)))
        return [*events, b"data: [DONE]\n\n"]


def _chunk(asked: Asked, **more: Any) -> bytes:
    event = {
        "id": "chatcmpl-fake",
        "object": "chat.completion.chunk",
        "created": moment(),
        "model": asked.body.get("model", "fake"),
        **more,
    }
    return f"data: {json.dumps(event)}\n\n".encode()


def _choice(delta: dict[str, Any], finish: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish}


def _usage(asked: Asked, reply: Reply) -> dict[str, int]:
    read, written = len(asked.text) // 4, len(say(reply).text) // 4
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _content(reply: Reply) -> tuple[str | None, str | None, str]:
    if isinstance(reply, Blocked):
        return None, None, "content_filter"
    if isinstance(reply, Empty | Nothing):
        return "", None, "stop"
    if isinstance(reply, Called):
        return None, None, "tool_calls"
    said = say(reply)
    return said.text, None, "length" if said.cut else "stop"
