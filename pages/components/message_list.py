"""What was sent to one customer, as a table."""

from __future__ import annotations

from beanie import PydanticObjectId

from app.campaigns.record.deliveries import list_deliveries
from app.database import collection
from models.delivery import Delivery
from models.member import Member
from pages.components.cells import chip_cell, date_cell, text_cell
from pages.components.chip import DELIVERY_TONES, state_word
from pages.components.empty import empty_state
from pages.components.filters import filter_bar, filter_select
from pages.components.log_filters import CHANNELS, STATES
from pages.components.log_link import log_link
from pages.components.log_rows import said
from pages.components.table import Ask, Column, DataTable, Page, Row
from pages.components.text import text

MESSAGES = (
    Column(name="campaign", label="Campaign", spot="title"),
    Column(name="by", label="By", wide_only=True),
    Column(name="state", label="Outcome", spot="end"),
    Column(name="reason", label="Answer", spot="sub"),
    Column(name="when", label="When", spot="subend"),
)


async def messages_of(
    member: Member, customer_id: PydanticObjectId, ask: Ask, *, state: str = "", channel: str = ""
) -> Page:
    """One page of the customer's deliveries, newest first, with the names of their campaigns."""
    found, following = await list_deliveries(
        member,
        customer_id=customer_id,
        state=state or None,
        channel=channel or None,
        limit=ask.limit,
        cursor=ask.cursor,
    )
    ids = list({delivery.campaign_id for delivery in found})
    named = collection("campaigns").find({"_id": {"$in": ids}}, {"name": 1})
    names = {raw["_id"]: raw["name"] async for raw in named}
    rows = [_row(delivery, names.get(delivery.campaign_id, "Deleted campaign"), member) for delivery in found]
    return Page(rows=rows, next_cursor=following)


def _row(delivery: Delivery, campaign: str, member: Member) -> Row:
    return Row(
        key=delivery.id,
        href=f"/log/{delivery.id}",
        label=f"{campaign}: {state_word(delivery.state)}",
        cells={
            "campaign": text_cell(campaign, css="medium"),
            "state": chip_cell(state_word(delivery.state), DELIVERY_TONES[delivery.state]),
            "by": text_cell(CHANNELS.get(delivery.channel, str(delivery.channel)), css="muted"),
            "reason": text_cell(said(delivery), css="muted", title=delivery.reason),
            "when": date_cell(delivery.updated_at, member),
        },
    )


class MessageList:
    """The messages of one customer with the two filters that matter there, and the way to the whole log."""

    def __init__(self, member: Member, customer_id: PydanticObjectId) -> None:
        self._member = member
        self._customer_id = customer_id
        self._state = ""
        self._channel = ""
        with filter_bar().classes("list-filters"):
            filter_select("State", STATES, self._by_state)
            filter_select("Sent by", CHANNELS, self._by_channel)
            text("All filters", "link", tag="a").props["href"] = log_link(customer=customer_id)
        self.table = DataTable(
            MESSAGES, self._load, empty=self._nothing, per_page=10, locale=member.locale, label="Messages", slim=True
        )

    async def reload(self) -> None:
        """Show the first page."""
        await self.table.reload()

    async def _by_state(self, key: str) -> None:
        self._state = key
        await self.table.reload()

    async def _by_channel(self, key: str) -> None:
        self._channel = key
        await self.table.reload()

    async def _load(self, ask: Ask) -> Page:
        return await messages_of(self._member, self._customer_id, ask, state=self._state, channel=self._channel)

    def _nothing(self) -> None:
        if self._state or self._channel:
            with empty_state("search", "No message fits", "Choose another state or channel.", small=True):
                return
        no_messages()


def no_messages() -> None:
    """What stands there before the first."""
    with empty_state("mail", "No messages yet", "What campaigns send to this customer shows here.", small=True):
        pass
