"""A server that speaks the Gemini API: generateContent and streamGenerateContent (https://ai.google.dev/api/generate-content)."""

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
    pieces,
    say,
)

_STATUS_NAMES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
                 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}  # fmt: skip


class FakeGemini(ScriptedServer):
    """Set GEMINI_BASE_URL to `base_url` and GEMINI_API_KEY to anything."""

    @property
    def base_url(self) -> str:
        """The address to configure."""
        return self.origin

    def answer(self, asked: Asked, reply: Reply) -> tuple[int, dict[str, Any] | bytes]:
        """A GenerateContentResponse, or Google's error object."""
        if isinstance(reply, Status):
            name = _STATUS_NAMES.get(reply.code, "UNKNOWN")
            return reply.code, {"error": {"code": reply.code, "message": f"scripted {reply.code}", "status": name}}
        if isinstance(reply, Garbage):
            return 200, b"<html>this is not the API</html>"
        return 200, _response(asked, reply)

    def stream(self, asked: Asked, reply: Reply) -> list[bytes] | None:
        """The same in chunks, as `alt=sse` asks for."""
        if ":streamGenerateContent" not in asked.path or isinstance(reply, Status | Garbage):
            return None
        *first, last = pieces(say(reply).text)
        chunks = [_response(asked, reply, text=text, last=False) for text in first]
        chunks.append(_response(asked, reply, text=last, last=not isinstance(reply, Stall)))
        return [f"data: {json.dumps(chunk)}\r\n\r\n".encode() for chunk in chunks]


def _response(asked: Asked, reply: Reply, *, text: str | None = None, last: bool = True) -> dict[str, Any]:
    if isinstance(reply, Blocked):
        candidates = [{"finishReason": "SAFETY", "index": 0, "safetyRatings": []}]
    elif isinstance(reply, Empty):
        candidates = [{"content": {"role": "model", "parts": []}, "finishReason": "STOP", "index": 0}]
    elif isinstance(reply, Nothing):
        candidates = []
    elif isinstance(reply, Called):
        call = {"name": "plan", "args": _arguments(reply.arguments)}
        content = {"role": "model", "parts": [{"functionCall": call}]}
        candidates = [{"content": content, "finishReason": "STOP", "index": 0}]
    else:
        said = say(reply)
        content = {"role": "model", "parts": [{"text": said.text if text is None else text}]}
        candidates = [{"content": content, "index": 0}]
        if last:
            candidates[0]["finishReason"] = "MAX_TOKENS" if said.cut else "STOP"
    read, written = len(asked.text) // 4, len(say(reply).text) // 4
    return {
        "candidates": candidates,
        "usageMetadata": {"promptTokenCount": read, "candidatesTokenCount": written, "totalTokenCount": read + written},
        "modelVersion": asked.path.rsplit("/", 1)[-1].split(":")[0],
        "responseId": "fake",
    }


def _arguments(text: str) -> dict[str, Any]:
    """Gemini sends them as an object, so what is none is no arguments at all."""
    try:
        return dict(json.loads(text))
    except ValueError:
        return {}
