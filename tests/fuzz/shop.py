"""One of each thing, so that requests reach what is behind the ids."""

from __future__ import annotations

import time
from typing import Any

import httpx

DEADLINE_SECONDS = 60


def fill(api: httpx.Client) -> dict[str, str]:
    """Make them; answers a real id for each beginning of a path that takes one."""

    def made(path: str, body: dict[str, Any]) -> str:
        answer = api.post(f"/api/{path}", json=body)
        assert answer.is_success, answer.text
        return str(answer.json()["id"])

    customer = made(
        "customers", {"email": "ann@example.com", "first_name": "Ann", "city": "Pune", "email_opt_in": True}
    )
    order = made("orders", {"customer_id": customer, "number": "1", "amount": "12.50", "currency": "USD"})
    rule = {"combinator": "and", "rules": [{"field": "city", "operator": "=", "value": "Pune"}]}
    segment = made("segments", {"name": "Pune", "rule": rule})
    sent = {"name": "Sent", "channel": "outbox", "subject": "Hi", "body": "Hello", "segment_ids": [segment]}
    campaign = made("campaigns", sent)
    api.post(f"/api/campaigns/{campaign}/send").raise_for_status()
    deadline = time.monotonic() + DEADLINE_SECONDS
    while api.get(f"/api/campaigns/{campaign}").json()["state"] != "done":
        assert time.monotonic() < deadline, "the campaign was not sent in time"
    delivery = api.get(f"/api/campaigns/{campaign}/deliveries").raise_for_status().json()["items"][0]["id"]
    draft = made("campaigns", {**sent, "name": "Draft"})
    key = made("keys", {"name": "fuzz", "scopes": ["customers.read"]})
    uploaded = {"file": ("a.csv", b"email\nbob@example.com\nnobody\n")}
    started = api.post("/api/imports", files=uploaded, data={"kind": "customers"}).raise_for_status()
    return {
        "/api/customers/": customer,
        "/api/orders/": order,
        "/api/segments/": segment,
        "/api/campaigns/": draft,
        "/api/deliveries/": delivery,
        "/api/keys/": key,
        "/api/imports/": str(started.json()["id"]),
        "/api/insights/campaigns/": campaign,
        "/api/insights/customers/": customer,
    }
