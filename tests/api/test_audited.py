"""Whatever changes something by the API leaves a line in the audit log, or stands here with the reason why not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from bson import ObjectId
from fastapi import FastAPI

from app.api.docs import operations
from app.api.routes import for_members
from app.auth.api_keys import create_key
from app.campaigns.approval.policy import set_approval_above
from app.campaigns.life.service import archive, create_campaign, pause, send
from app.customers.service import create_customer
from app.database import collection
from app.orders.service import create_order
from app.segments.service import create_segment, update_segment
from models import Delivery, Member
from models.campaign import Channel
from models.delivery import DeliveryState
from models.values import now
from tests.api.conftest import client_of
from tests.segments.test_rule import condition, group
from tests.signing_in import session_of

CHANGES = {"POST", "PUT", "PATCH", "DELETE"}
NOT_NOTED = {
    ("POST", "/api/segments/preview"): "reads",
    ("POST", "/api/segments/explain"): "reads",
    ("POST", "/api/segments/overlap"): "reads",
    ("POST", "/api/campaigns/{id}/rehearse"): "reads",
    ("POST", "/api/segments/suggest"): "proposes and saves nothing; the AI log has what was asked of a model",
    ("POST", "/api/campaigns/suggest-messages"): "proposes and saves nothing; the AI log has what was asked of a model",
    ("POST", "/api/segments/{id}/record"): "asks for a count of who is in it now; nothing of the shop's changes",
    ("PATCH", "/api/campaigns/{id}"): "a draft saves itself while it is written; sending or asking notes all of it",
    ("POST", "/api/receipts"): "what vendors report; it is in the history of each message",
}
CHANGING = [(method, path) for method, path, route in operations() if method in CHANGES and for_members(route)]
RULE = group(condition("first_name", "notNull", None))
MESSAGE = {"subject": "Hello", "body": "<p>Hello</p>", "channel": "outbox"}


class World:
    """What a route needs to succeed, made when it is asked for, by Bob; Alice asks."""

    def __init__(self, alice: Member, bob: Member) -> None:
        self.alice, self.bob = alice, bob

    async def ask(self, method: str, path: str) -> tuple[str, dict[str, Any]]:
        """The address with a fresh object's id, and what is sent."""
        kind = path.split("/")[2]
        make = getattr(self, f"_{kind.replace('-', '_')}", None)
        id = await make(method, path) if make and "{id}" in path else ""
        return path.replace("{id}", str(id)), await self._sent(method, path)

    async def _sent(self, method: str, path: str) -> dict[str, Any]:
        customer = await self._customers(method, path) if path == "/api/orders" else None
        bodies: dict[tuple[str, str], dict[str, Any]] = {
            ("POST", "/api/customers"): {"json": {"name": "X"}},
            ("POST", "/api/customers/bulk"): {"json": [{"external_id": "E-1", "name": "X"}]},
            ("PATCH", "/api/customers/{id}"): {"json": {"city": "Oslo"}},
            ("POST", "/api/orders"): {"json": {"customer_id": str(customer), "amount": 1}},
            ("POST", "/api/orders/bulk"): {"json": []},
            ("PATCH", "/api/orders/{id}"): {"json": {"amount": 5}},
            ("POST", "/api/imports"): {
                "data": {"kind": "customers"},
                "files": {"file": ("a.csv", b"email,first name\na@example.com,Ann\n")},
            },
            ("POST", "/api/segments"): {"json": {"name": "New", "rule": RULE}},
            ("POST", "/api/segments/import"): {"json": {"name": "New", "rule": RULE}},
            ("PATCH", "/api/segments/{id}"): {"json": {"name": "Renamed"}},
            ("POST", "/api/segments/{id}/restore"): {"json": {"revision": 1}},
            ("POST", "/api/campaigns"): {"json": {"name": "New", **MESSAGE}},
            ("PATCH", "/api/campaigns/{id}"): {"json": {"subject": "Another"}},
            ("POST", "/api/campaigns/{id}/test"): {"json": {"addresses": ["x@example.com"]}},
            ("POST", "/api/campaigns/{id}/decline"): {"json": {"reason": "No"}},
            ("POST", "/api/deliveries/{id}/resolve"): {"json": {"arrived": True}},
            ("POST", "/api/campaigns/{id}/resolve"): {"json": {"arrived": True}},
            ("POST", "/api/keys"): {"json": {"name": "X", "scopes": ["customers.read"]}},
            ("PUT", "/api/policies/approval"): {"json": {"above": 5}},
        }
        return bodies.get((method, path), {})

    async def _customers(self, method: str, path: str) -> ObjectId:
        number = await collection("customers").count_documents({})
        made = await create_customer(
            self.bob, {"first_name": "Ann", "email": f"ann{number}@example.com", "email_opt_in": True}
        )
        return ObjectId(str(made.id))

    async def _orders(self, method: str, path: str) -> ObjectId:
        customer = await self._customers(method, path)
        return ObjectId(str((await create_order(self.bob, {"customer_id": str(customer), "amount": 3})).id))

    async def _imports(self, method: str, path: str) -> str:
        job = await collection("imports").find_one({}, sort=[("_id", -1)])
        return str(job["_id"]) if job else "0" * 24

    async def _segments(self, method: str, path: str) -> ObjectId:
        number = await collection("segments").count_documents({})
        made = await create_segment(self.bob, name=f"People {number}", rule=group())
        await update_segment(self.bob, made.id, rule=RULE)
        return ObjectId(str(made.id))

    async def _keys(self, method: str, path: str) -> ObjectId:
        return ObjectId(str((await create_key(self.alice, name="Key", scopes=["customers.read"])).key.id))

    async def _sessions(self, method: str, path: str) -> ObjectId:
        return ObjectId(str((await session_of(self.bob)).id))

    async def _deliveries(self, method: str, path: str) -> str:
        return await self._unknown(await self._campaign("done"))

    async def _campaigns(self, method: str, path: str) -> ObjectId:
        act = path.rpartition("/")[2]
        id = await self._campaign(act)
        if act in ("resolve", "retry"):
            await self._unknown(id, DeliveryState.UNKNOWN if act == "resolve" else DeliveryState.FAILED)
        return id

    async def _campaign(self, act: str) -> ObjectId:
        await self._customers("", "")
        fields: dict[str, Any] = {"name": "C", **MESSAGE, "segment_ids": [str(await self._segments("", ""))]}
        waits = act in ("approve", "decline", "withdraw")
        await set_approval_above(self.alice, 1 if waits else 0)
        if waits:
            await self._customers("", "")
        if act == "finish":
            fields |= {"scheduled_at": now() + timedelta(hours=1), "repeat": {"every": 1, "unit": "day"}}
        made = await create_campaign(self.bob, fields)
        if act in ("pause", "resume", "cancel", "finish") or waits:
            await send(self.bob, made.id)
        if act == "resume":
            await pause(self.bob, made.id)
        if act == "unarchive":
            await archive(self.bob, made.id)
        if act in ("retry", "resolve", "done"):
            await collection("campaigns").update_one({"_id": made.id}, {"$set": {"state": "done", "audience": 1}})
        return ObjectId(str(made.id))

    async def _unknown(self, campaign: ObjectId, state: DeliveryState = DeliveryState.UNKNOWN) -> str:
        customer, moment = ObjectId(), now()
        delivery = Delivery(
            id=f"{campaign}:{customer}",
            campaign_id=campaign,
            customer_id=customer,
            chunk=0,
            state=state,
            channel=Channel.OUTBOX,
            address="a@example.com",
            created_at=moment,
            updated_at=moment,
        )
        return str((await delivery.insert()).id)


@pytest.fixture
async def asker(app: FastAPI, alice: Member):
    async with client_of(app, alice) as client:
        yield client


@pytest.mark.parametrize(("method", "path"), CHANGING, ids=lambda part: str(part))
async def test_it_leaves_a_line(asker: httpx.AsyncClient, alice: Member, bob: Member, method: str, path: str) -> None:
    if path.startswith("/api/imports/"):
        file = {"file": ("a.csv", b"email,first name\na@example.com,Ann\n")}
        await asker.post("/api/imports", data={"kind": "customers"}, files=file)
    world = World(alice, bob)
    address, sent = await world.ask(method, path)
    before = await collection("audit").count_documents({})
    answer = await asker.request(method, address, **sent)
    noted = await collection("audit").count_documents({"_id": {"$gt": before}, "member_id": alice.id, "via": "api"})
    if (method, path) in NOT_NOTED:
        assert noted == 0, "it is noted after all; take it from the list"
        return
    assert answer.status_code < 300, (method, address, answer.text)
    assert noted >= 1, (method, path)


def test_every_reason_is_about_a_route_there_is() -> None:
    assert set(NOT_NOTED) <= set(CHANGING)
