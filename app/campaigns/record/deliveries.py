"""The communication log: every message to every customer, newest first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.errors import ExecutionTimeout

from app.auth.permissions import require
from app.campaigns.message.composing import compose
from app.campaigns.record.log_filter import SECONDS, LogFilter, question, too_much
from app.channels.outbox import shown_letter, without_links
from app.customers.masking import HIDDEN_FIELDS, masked_address, raw_shown_to, sees_contact, shown_words
from app.database import collection
from app.errors import NotFound
from app.paging import check_limit, cursor_after
from models.campaign import Channel
from models.delivery import Delivery, DeliveryState
from models.member import Member
from models.outbox import OutboxMessage

ROWS_AT_ONCE = 500
TAIL_STATES = [state.value for state in DeliveryState if state not in (DeliveryState.SENDING, DeliveryState.CANCELLED)]


async def list_deliveries(
    member: Member,
    *,
    campaign_id: PydanticObjectId | str | None = None,
    customer_id: PydanticObjectId | str | None = None,
    state: DeliveryState | str | None = None,
    channel: Channel | str | None = None,
    domain: str | None = None,
    error: str | None = None,
    search: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[Delivery], str | None]:
    """One page of 1 to 200 deliveries, the latest change first, and the cursor of the next; see `LogFilter`.

    A page takes milliseconds at a million deliveries where an index serves the question, and never more than two
    seconds: what would take longer raises InvalidInput that says what to narrow.
    """
    wanted = LogFilter(
        campaign_id=campaign_id,
        customer_id=customer_id,
        state=state,
        channel=channel,
        domain=domain,
        error=error,
        search=search,
        since=since,
        until=until,
    )
    require(member, "deliveries.read")
    asked = await question(member, wanted)
    found = collection("deliveries").find(asked.query(cursor)).sort(list(asked.sort.keys)).limit(check_limit(limit) + 1)
    if asked.index:
        found = found.hint(asked.index)
    try:
        rows = await found.max_time_ms(round(SECONDS * 1000)).to_list()
    except ExecutionTimeout as problem:
        raise too_much(wanted) from problem
    following = cursor_after(rows[limit - 1], asked.sort) if len(rows) > limit else None
    return [_shown_to(member, Delivery.model_validate(row)) for row in rows[:limit]], following


async def every_delivery(member: Member, wanted: LogFilter) -> AsyncIterator[dict[str, Any]]:
    """All deliveries that fit, raw, newest first, read as they are asked for. Raises InvalidInput at the first step."""
    asked = await question(member, wanted)
    found = collection("deliveries").find(asked.query()).sort(list(asked.sort.keys)).batch_size(ROWS_AT_ONCE)
    if asked.index:
        found = found.hint(asked.index)
    async for row in found.allow_disk_use(True):
        yield row


async def get_delivery(member: Member, id: str) -> Delivery:
    """One delivery; its id is `campaign:customer`. Raises NotFound."""
    require(member, "deliveries.read")
    delivery = await Delivery.get(id)
    if delivery is None:
        raise NotFound("There is no delivery with this id.")
    return _shown_to(member, delivery)


def _shown_to(member: Member, delivery: Delivery) -> Delivery:
    """The delivery as this member may see it: viewers know whom it went to, not how to write to them."""
    if sees_contact(member):
        return delivery
    address = delivery.address
    history = [
        event.model_copy(update={"words": shown_words(member, event.words, address) or ""})
        for event in delivery.history
    ]
    shown: Delivery = delivery.model_copy(
        update={
            "address": masked_address(address),
            "reason": shown_words(member, delivery.reason, address),
            "history": history,
        }
    )
    return shown


@dataclass(frozen=True, kw_only=True)
class ShownMessage:
    """A message as its reader got it (`kept`), or as it would be filled in today. `data` is what a webhook is told."""

    kept: bool
    subject: str
    html: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)


async def rendered_message(member: Member, id: str) -> ShownMessage:
    """What this customer got, or would get: from the outbox as it was, else filled in again with today's profile.

    Raises NotFound when the campaign or the customer is gone, and InvalidInput when it cannot be filled in.
    """
    delivery = await get_delivery(member, id)
    kept = await OutboxMessage.get(id)
    if kept is not None:
        kept = shown_letter(member, kept)
        return ShownMessage(kept=True, subject=kept.subject, html=kept.html, text=kept.text, headers=kept.headers)
    campaign = await collection("campaigns").find_one({"_id": delivery.campaign_id})
    customer = await collection("customers").find_one({"_id": delivery.customer_id})
    if campaign is None or customer is None:
        raise NotFound("The campaign or the customer of this message was deleted.")
    if delivery.address and sees_contact(member):
        customer["email" if "@" in delivery.address else "phone"] = delivery.address
    customer = raw_shown_to(member, customer)
    message = compose(campaign, customer)
    told = {
        name: masked_address(value) if name in HIDDEN_FIELDS and not sees_contact(member) else value
        for name, value in message.data.items()
    }
    return ShownMessage(
        kept=False,
        subject=message.subject,
        html=without_links(member, str(message.html)),
        text=without_links(member, str(message.text)),
        headers=message.headers if sees_contact(member) else {},
        data=told,
    )


async def latest(campaign_id: ObjectId, limit: int) -> list[dict[str, Any]]:
    """The latest deliveries of a campaign that something became of, raw, newest first: one indexed read."""
    found = collection("deliveries").find({"campaign_id": campaign_id, "state": {"$in": TAIL_STATES}})
    return await found.sort([("updated_at", -1), ("_id", 1)]).limit(limit).to_list()
