"""The fakes speak both shapes of their protocols, streamed and whole."""

from __future__ import annotations

import httpx

from tests.fakes.gemini import FakeGemini
from tests.fakes.openai import FakeOpenAI
from tests.fakes.scripted import Status


async def test_gemini() -> None:
    with FakeGemini(replies=["hello", "hello", Status(429)]) as server:
        async with httpx.AsyncClient(base_url=server.base_url) as client:
            body = {"contents": [{"parts": [{"text": "hi"}]}]}
            whole = await client.post("/v1beta/models/m:generateContent", json=body)
            streamed = await client.post("/v1beta/models/m:streamGenerateContent?alt=sse", json=body)
            refused = await client.post("/v1beta/models/m:generateContent", json=body)
    assert whole.json()["candidates"][0]["content"]["parts"][0]["text"] == "hello"
    assert whole.json()["usageMetadata"]["totalTokenCount"] > 0
    assert streamed.headers["content-type"] == "text/event-stream"
    assert streamed.text.count("data: ") == 2
    assert refused.json()["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert [asked.body for asked in server.requests] == [body] * 3


async def test_openai() -> None:
    with FakeOpenAI(replies=["hello"]) as server:
        async with httpx.AsyncClient(base_url=server.base_url) as client:
            body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
            whole = await client.post("/chat/completions", json=body)
            streamed = await client.post("/chat/completions", json={**body, "stream": True})
    assert whole.json()["choices"][0]["message"]["content"] == "hello"
    assert streamed.text.endswith("data: [DONE]\n\n")
