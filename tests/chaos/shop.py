"""A shop in the running product, filled and asked through its REST API as any other program would."""

from __future__ import annotations

import time
from typing import Any

import httpx

from tests.chaos.house import OWNER, PASSWORD, until

ROWS = 1_000
DOMAINS = 7


def address(number: int) -> str:
    """The address of this customer."""
    return f"p{number}@shop{number % DOMAINS}.example"


class Shop:
    """The owner's client. Nothing here tries again: who asks while a part is away gets the error."""

    def __init__(self, url: str) -> None:
        self.client = httpx.AsyncClient(base_url=url, timeout=30)

    async def sign_in(self) -> None:
        """Get a token; the first start makes the owner a moment after it is open."""
        form = {"username": OWNER, "password": PASSWORD}

        async def made() -> bool:
            return (await self.client.post("/api/auth/token", data=form)).status_code == 200

        await until(made, 30, "the owner to be made")
        answer = (await self.client.post("/api/auth/token", data=form)).raise_for_status()
        self.client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    async def close(self) -> None:
        await self.client.aclose()

    async def add_people(self, count: int) -> None:
        """Customers 0 to `count` - 1, all of whom agreed to email."""
        for start in range(0, count, ROWS):
            rows = [
                {"email": address(n), "first_name": f"P{n}", "last_name": "Person", "email_opt_in": True}
                for n in range(start, min(start + ROWS, count))
            ]
            (await self.client.post("/api/customers/bulk", json=rows)).raise_for_status()

    async def draft(self, **fields: Any) -> str:
        """The id of a new campaign to everybody."""
        rule = {"combinator": "and", "rules": [{"field": "last_name", "operator": "=", "value": "Person"}]}
        segment = await self.client.post("/api/segments", json={"name": f"Everybody {time.time_ns()}", "rule": rule})
        campaign = {
            "name": "Spring",
            "subject": "Hello {{ customer.first_name }}",
            "body": "<p>Dear {{ customer.name }}, spring is here. <a href='{{ unsubscribe_url }}'>Leave</a></p>",
            "segment_ids": [segment.raise_for_status().json()["id"]],
            **fields,
        }
        answer = await self.client.post("/api/campaigns", json=campaign)
        if answer.is_error:
            raise RuntimeError(f"no campaign: {answer.text}")
        return str(answer.json()["id"])

    async def act(self, campaign_id: str, what: str) -> dict[str, Any]:
        """send, pause, resume or cancel."""
        answer = await self.client.post(f"/api/campaigns/{campaign_id}/{what}")
        return dict(answer.raise_for_status().json())

    async def campaign(self, campaign_id: str) -> dict[str, Any]:
        """The campaign with its counts."""
        return dict((await self.client.get(f"/api/campaigns/{campaign_id}")).raise_for_status().json())
