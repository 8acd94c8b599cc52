"""What was sent to one customer, as a table."""

from __future__ import annotations

from beanie import PydanticObjectId

from app.campaigns.deliveries import list_deliveries
from app.database import collection
from models.delivery import Delivery
from models.member import Member
from pages.components.cells import chip_cell, date_cell, text_cell
from pages.components.chip import DELIVERY_TONES, state_word
from pages.components.empty import empty_state
from pages.components.table import Ask, Column, Page, Row

MESSAGES = (
    Column(name="campaign", label="Campaign", spot="title"),
    Column(name="state", label="Outcome", spot="end"),
    Column(name="reason", label="Answer", spot="sub"),
    Column(name="when", label="When", spot="subend"),
)


async def messages_of(member: Member, customer_id: PydanticObjectId, ask: Ask) -> Page:
    """One page of the customer's deliveries, newest first, with the names of their campaigns."""
    found, following = await list_deliveries(member, customer_id=customer_id, limit=ask.limit, cursor=ask.cursor)
    ids = list({delivery.campaign_id for delivery in found})
    named = collection("campaigns").find({"_id": {"$in": ids}}, {"name": 1})
    names = {raw["_id"]: raw["name"] async for raw in named}
    rows = [_row(delivery, names.get(delivery.campaign_id, "Deleted campaign"), member) for delivery in found]
    return Page(rows=rows, next_cursor=following)


def _row(delivery: Delivery, campaign: str, member: Member) -> Row:
    return Row(
        key=delivery.id,
        href=f"/campaigns/{delivery.campaign_id}",
        label=f"{campaign}: {state_word(delivery.state)}",
        cells={
            "campaign": text_cell(campaign, css="medium"),
            "state": chip_cell(state_word(delivery.state), DELIVERY_TONES[delivery.state]),
            "reason": text_cell(delivery.reason, css="muted", title=delivery.reason),
            "when": date_cell(delivery.updated_at, member),
        },
    )


def no_messages() -> None:
    """What stands there before the first."""
    with empty_state("mail", "No messages yet", "What campaigns send to this customer shows here.", small=True):
        pass
