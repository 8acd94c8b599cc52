"""`/api/ai-calls` and the refining of `/api/segments/suggest`."""

from __future__ import annotations

from fastapi import FastAPI

from models import AiCall, Member
from tests.api.conftest import client_of

RULE = {"combinator": "and", "rules": [{"field": "order_count", "operator": ">", "value": 5}]}


async def test_the_log_by_pages(app: FastAPI, alice: Member) -> None:
    for n in range(3):
        await AiCall(
            purpose="segment", provider="gemini", model="m", asked=f"{n}", prompt=f"all of {n}", reply="r"
        ).insert()
    async with client_of(app, alice) as client:
        first = (await client.get("/api/ai-calls?limit=2&purpose=segment&outcome=ok")).json()
        rest = (await client.get(f"/api/ai-calls?limit=2&purpose=segment&cursor={first['next_cursor']}")).json()
        assert [item["asked"] for item in (*first["items"], *rest["items"])] == ["2", "1", "0"]
        assert "prompt" not in first["items"][0]
        one = (await client.get(f"/api/ai-calls/{first['items'][0]['id']}")).json()
        assert (one["prompt"], one["reply"], one["member"]) == ("all of 2", "r", "System")
        assert (await client.get("/api/ai-calls?purpose=x")).status_code == 422
        assert (await client.get("/api/ai-calls?cursor=x")).status_code == 422
        assert (await client.get(f"/api/ai-calls/{'0' * 24}")).status_code == 404


async def test_refining(app: FastAPI, bob: Member) -> None:
    async with client_of(app, bob) as client:
        sent = {"prompt": "make it 10", "rule": RULE}
        answer = (await client.post("/api/segments/suggest", json=sent)).json()
        assert (answer["outcome"], answer["source"], answer["count"]) == ("ok", "grammar", 0)
        assert answer["rule"]["rules"][0]["value"] == 10
        (change,) = answer["changes"]
        assert change["kind"] == "changed"
        assert set(change) == {"kind", "before", "after"}
        wrong = await client.post("/api/segments/suggest", json={"prompt": "make it 10", "rule": {"field": "x"}})
        assert wrong.status_code == 422
        body = b'{"prompt": "make it \\ud800 10", "rule": {"combinator": "and", "rules": []}}'
        odd = await client.post("/api/segments/suggest", content=body, headers={"Content-Type": "application/json"})
        assert odd.status_code < 500


async def test_a_fresh_suggestion_has_no_changes(app: FastAPI, bob: Member) -> None:
    async with client_of(app, bob) as client:
        answer = (await client.post("/api/segments/suggest", json={"prompt": "more than 5 orders"})).json()
    assert answer["changes"] == []
    assert answer["question"] is None
