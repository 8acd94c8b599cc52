"""The communication log: deliveries by campaign, customer and state, newest first."""

from __future__ import annotations

from typing import Any

from beanie import PydanticObjectId
from pymongo import DESCENDING

from app.auth.permissions import require
from app.campaigns.composing import compose
from app.campaigns.rendering import Rendered
from app.customers.listing import search_filter
from app.database import collection
from app.errors import InvalidInput, NotFound
from app.paging import Sort, check_limit, cursor_after, rows_after
from models.campaign import Campaign
from models.delivery import Delivery, DeliveryState
from models.member import Member
from models.outbox import OutboxMessage

NEWEST = Sort("newest", (("updated_at", DESCENDING), ("_id", DESCENDING)))
CUSTOMERS_SEARCHED = 500

STATES: dict[str, list[DeliveryState]] = {
    **{state.value: [state] for state in DeliveryState},
    "pending": [DeliveryState.SENDING, DeliveryState.DEFERRED],
    "sent": [DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.BOUNCED, DeliveryState.COMPLAINED],
    "skipped": [DeliveryState.SKIPPED, DeliveryState.SUPPRESSED, DeliveryState.CANCELLED],
}
"""What `state` may be: a state, or a count of the campaign that covers several."""


async def list_deliveries(
    member: Member,
    *,
    campaign_id: PydanticObjectId | str | None = None,
    customer_id: PydanticObjectId | str | None = None,
    state: DeliveryState | str | None = None,
    search: str = "",
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[Delivery], str | None]:
    """One page of 1 to 200 deliveries, the latest change first, and the cursor of the next.

    `state` may also be a count's name: `pending`, `sent`, `skipped` cover what the campaign counts there. `search`
    finds customers as their own list does. Raises InvalidInput.
    """
    require(member, "deliveries.read")
    conditions: list[dict[str, Any]] = []
    if campaign_id is not None:
        conditions.append({"campaign_id": _id("campaign_id", campaign_id)})
    if customer_id is not None:
        conditions.append({"customer_id": _id("customer_id", customer_id)})
    if state is not None:
        if str(state) not in STATES:
            raise InvalidInput.of("state", f"should be one of {', '.join(sorted(STATES))}")
        conditions.append({"state": {"$in": STATES[str(state)]}})
    if people := search_filter(search):
        found = collection("customers").find(people, {"_id": 1}).limit(CUSTOMERS_SEARCHED)
        conditions.append({"customer_id": {"$in": [row["_id"] async for row in found]}})
    if cursor:
        conditions.append(rows_after(cursor, NEWEST))
    query = {"$and": conditions} if conditions else {}
    rows = await collection("deliveries").find(query).sort(list(NEWEST.keys)).limit(check_limit(limit) + 1).to_list()
    following = cursor_after(rows[limit - 1], NEWEST) if len(rows) > limit else None
    return [Delivery.model_validate(row) for row in rows[:limit]], following


async def get_delivery(member: Member, id: str) -> Delivery:
    """One delivery; its id is `campaign:customer`. Raises NotFound."""
    require(member, "deliveries.read")
    delivery = await Delivery.get(id)
    if delivery is None:
        raise NotFound("There is no delivery with this id.")
    return delivery


async def rendered_message(member: Member, id: str) -> Rendered:
    """What this customer got, or would get. From the outbox as it was; else filled in again with today's profile.

    Raises NotFound when the campaign or the customer is gone.
    """
    delivery = await get_delivery(member, id)
    kept = await OutboxMessage.get(id)
    if kept is not None:
        return Rendered(subject=kept.subject, html=kept.html, text=kept.text)
    campaign = await Campaign.get(delivery.campaign_id)
    customer = await collection("customers").find_one({"_id": delivery.customer_id})
    if campaign is None or customer is None:
        raise NotFound("The campaign or the customer of this message was deleted.")
    raw = {"_id": campaign.id, "subject": campaign.subject, "body": campaign.body}
    message = compose(raw, {**customer, "email": delivery.address or customer.get("email") or ""})
    return Rendered(subject=message.subject, html=message.html, text=message.text)


def _id(field: str, value: PydanticObjectId | str) -> PydanticObjectId:
    if not PydanticObjectId.is_valid(value):
        raise InvalidInput.of(field, "is not an id")
    return PydanticObjectId(value)
