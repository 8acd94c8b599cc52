"""What happened with a customer: sign-up, orders and messages, newest first."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from beanie import PydanticObjectId
from bson import ObjectId

from app.auth.permissions import require
from app.customers.service import existing_id, no_such_customer
from app.database import collection
from app.errors import InvalidInput
from app.paging import check_limit
from models.member import Member

Kind = Literal["order", "delivery", "signed_up"]
Place = tuple[datetime, str]
"""Where an event stands: its time, then a key that breaks ties, both descending."""

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_WRONG = "is not a cursor of this list; leave it out for the first page"


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened. `data` is the raw order or delivery, with `campaign_name` for a delivery."""

    at: datetime
    kind: Kind
    key: str
    data: Mapping[str, Any] = field(default_factory=dict)


async def timeline(
    member: Member, customer_id: PydanticObjectId | str, *, limit: int = 50, cursor: str | None = None
) -> tuple[list[Event], str | None]:
    """One page of events and the cursor of the next, None on the last. Raises NotFound and InvalidInput."""
    require(member, "customers.read")
    key = existing_id(customer_id)
    customer = await collection("customers").find_one({"_id": key}, {"signed_up_at": 1})
    if customer is None:
        raise no_such_customer()
    after = _read(cursor) if cursor else None
    wanted = check_limit(limit) + 1
    events = [
        *await _orders(key, after, wanted),
        *await _deliveries(key, after, wanted),
        Event(at=customer.get("signed_up_at") or _FIRST, kind="signed_up", key="0"),
    ]
    events = sorted((event for event in events if after is None or _place(event) < after), key=_place, reverse=True)
    page = events[:limit]
    return page, _write(page[-1]) if len(events) > limit else None


async def _orders(key: ObjectId, after: Place | None, limit: int) -> list[Event]:
    query = {"customer_id": key, **_until("placed_at", after)}
    found = collection("orders").find(query).sort([("placed_at", -1), ("_id", -1)])
    rows = await found.limit(limit + _ties(after)).to_list()
    return [Event(at=row["placed_at"], kind="order", key=f"o{row['_id']}", data=row) for row in rows]


async def _deliveries(key: ObjectId, after: Place | None, limit: int) -> list[Event]:
    query = {"customer_id": key, **_until("updated_at", after)}
    found = collection("deliveries").find(query).sort([("updated_at", -1), ("_id", -1)])
    rows = await found.limit(limit + _ties(after)).to_list()
    ids = list({row["campaign_id"] for row in rows})
    campaigns = collection("campaigns").find({"_id": {"$in": ids}}, {"name": 1})
    names = {row["_id"]: row.get("name", "") async for row in campaigns}
    return [
        Event(
            at=row["updated_at"],
            kind="delivery",
            key=f"d{row['_id']}",
            data={**row, "campaign_name": names.get(row["campaign_id"], "")},
        )
        for row in rows
    ]


def _until(path: str, after: Place | None) -> dict[str, Any]:
    return {path: {"$lte": after[0]}} if after else {}


def _ties(after: Place | None) -> int:
    """Rows of the very moment where the last page ended come again and are dropped by their key."""
    return 200 if after else 0


def _place(event: Event) -> Place:
    return event.at, event.key


def _write(event: Event) -> str:
    raw = json.dumps([round(event.at.timestamp() * 1000), event.key]).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read(cursor: str) -> Place:
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        milliseconds, key = json.loads(raw)
        if not isinstance(milliseconds, int) or not isinstance(key, str):
            raise ValueError("of another shape")
        return datetime.fromtimestamp(milliseconds / 1000, UTC), key
    except (ValueError, TypeError, OverflowError, OSError, RecursionError) as problem:
        raise InvalidInput.of("cursor", _WRONG) from problem
