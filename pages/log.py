"""The communication log: every message to every customer, newest first."""

from __future__ import annotations

from nicegui import ui

from app.campaigns.deliveries import list_deliveries
from app.segments.catalogue import load_catalogue
from models import Delivery, Member
from models.delivery import DeliveryState
from pages import delivery as _delivery  # noqa: F401  # registers its page
from pages.components import (
    DELIVERY_TONES,
    Ask,
    Column,
    DataTable,
    Page,
    Row,
    button,
    card,
    chip_cell,
    date_cell,
    empty_state,
    filter_bar,
    filter_select,
    person_cell,
    search_input,
    state_word,
    text_cell,
)
from pages.frame import frame, page

COLUMNS = (
    Column(name="who", label="Customer", spot="title", width="30%"),
    Column(name="campaign", label="Campaign", spot="sub"),
    Column(name="state", label="State", spot="end"),
    Column(name="words", label="What was said", wide_only=True, width="30%"),
    Column(name="when", label="When", spot="subend"),
)
STATES = {
    "": "Any state",
    "sent": "Sent",
    "pending": "Under way",
    "failed": "Failed",
    "skipped": "Skipped",
    "held_out": "Held out",
    "unknown": "Unknown",
    "delivered": "Delivered",
    "bounced": "Bounced",
    "complained": "Complained",
}


@page("/log", permission="deliveries.read", title="Log", nav="log")
async def log(member: Member, campaign: str = "", state: str = "", q: str = "") -> None:
    """The list, narrowed by campaign, state and who."""
    names = (await load_catalogue()).campaigns
    shown = {"campaign": campaign if campaign in names else "", "state": state if state in STATES else "", "q": q[:200]}

    async def load(ask: Ask) -> Page:
        found, following = await list_deliveries(
            member,
            campaign_id=shown["campaign"] or None,
            state=shown["state"] or None,
            search=shown["q"],
            limit=ask.limit,
            cursor=ask.cursor,
        )
        return Page(rows=[_row(one, names.get(str(one.campaign_id)), member) for one in found], next_cursor=following)

    async def narrow(what: str, value: str) -> None:
        shown[what] = value or ""
        await table.reload()

    def nothing() -> None:
        if any(shown.values()):
            with empty_state("search", "No message fits", "Loosen a filter, or search for another name or address."):
                return
        words = "Each message a campaign sends leaves a line here: to whom, when, and what their mail server said."
        with empty_state("scroll-text", "Nothing has been sent yet", words) as acts, acts:
            button("Go to campaigns", href="/campaigns")

    with frame(member, "Log", "Every message, to whom, and what became of it"):
        with filter_bar():
            search_input("Search name or address", lambda words: narrow("q", words), value=shown["q"])
            filter_select(
                "Campaign",
                {"": "Any campaign", **names},
                lambda key: narrow("campaign", key),
                value=shown["campaign"],
            ).style("max-width:260px")
            filter_select("State", STATES, lambda key: narrow("state", key), value=shown["state"])
        with card(css="p-0"):
            table = DataTable(COLUMNS, load, empty=nothing, locale=member.locale, label="Messages", per_page=50)
    await ui.context.client.connected()
    await table.reload()


def _row(one: Delivery, campaign: str | None, member: Member) -> Row:
    return Row(
        key=one.id,
        href=f"/log/{one.id}",
        label=f"Message to {one.name or one.address or 'a customer'}",
        cells={
            "who": person_cell(one.name, one.address),
            "campaign": text_cell(campaign or "A deleted campaign", css="" if campaign else "faint"),
            "state": chip_cell(state_word(one.state), DELIVERY_TONES[one.state]),
            "words": text_cell(one.reason or SAID.get(one.state, ""), css="muted t12", title=one.reason),
            "when": date_cell(one.sent_at or one.updated_at, member),
        },
    )


SAID = {
    DeliveryState.SENT: "Accepted",
    DeliveryState.SENDING: "Being handed over",
    DeliveryState.DELIVERED: "Arrived",
    DeliveryState.HELD_OUT: "Left out on purpose, to measure what the campaign changes",
}
