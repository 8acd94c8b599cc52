"""The start page: what moved in the last 30 days, what is being sent, what needs somebody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from nicegui import ui

from app import dashboard
from app.attention import Matter, matters
from app.auth.permissions import allowed
from app.campaigns.record.progress import Counts, counts_of_many
from app.dashboard import Figures, Period
from app.insights.shop import shop_facts
from models.campaign import Campaign, CampaignState
from models.customer import Customer
from models.member import Member
from models.values import now
from pages.components import (
    Part,
    Region,
    ago_label,
    box,
    button,
    campaign_chip,
    card,
    chip,
    empty_state,
    icon,
    money,
    number,
    percent,
    plural,
    progress,
    signed,
    skeleton_block,
    skeleton_tiles,
    stat,
    text,
    zone_of,
)
from pages.components.chart import revenue_chart
from pages.components.chip import Tone
from pages.components.first_steps import first_steps
from pages.components.insight_card import insight_card
from pages.frame import frame, page

AGAINST = "against the 30 days before"


@page("/", permission="orders.read", title="Home", nav="home")
async def home(member: Member) -> None:
    """Figures, chart, campaigns and the list of what needs somebody; the first steps while there are no customers."""
    shop_is_empty = await Customer.find_one() is None
    subtitle = "Three steps to your first campaign" if shop_is_empty else "What moved in the last 30 days"
    with frame(member, _greeting(member), subtitle) as actions:
        if shop_is_empty:
            first_steps(member)
            return
        if allowed(member, "campaigns.write"):
            with actions:
                button("New campaign", icon="plus", kind="primary", href="/campaigns/new")
        numbers = Region(lambda: _numbers(member), _numbers_to_come, css="stack gap-6")
        insight_card(member, "The last 30 days in words", lambda: shop_facts(member))
        with box("split"):
            campaigns = Region(lambda: _campaigns(member), lambda: skeleton_block(240))
            needs = Region(lambda: _needs(member), lambda: skeleton_block(160))
    await ui.context.client.connected()
    for region in (numbers, campaigns, needs):
        await region.load()


def _greeting(member: Member) -> str:
    hour = datetime.now(zone_of(member)).hour
    part = "morning" if 5 <= hour < 12 else "afternoon" if 12 <= hour < 18 else "evening"
    first = member.name.split()[0] if member.name.split() else ""
    return f"Good {part}, {first}" if first else f"Good {part}"


async def _numbers(member: Member) -> None:
    figures = await dashboard.figures(member)
    with box("tiles"):
        _tiles(figures, member.locale)
    with card("Revenue, new against returning") as actions:
        with actions:
            text(f"Days in {figures.zone.key}, paid and completed orders", "muted t12", tag="span")
        if figures.this.orders:
            revenue_chart(figures.this.days, figures.currency, member.locale)
        else:
            with empty_state(
                "chart-column", "No orders in these days", "Orders show here as they come in.", small=True
            ):
                pass


def _tiles(figures: Figures, locale: str) -> None:
    this, before = figures.this, figures.before
    whole = this.days[:-1]  # today is not over yet, so a line that ends with it always seems to fall
    change, tone = _relative(float(this.revenue), float(before.revenue), locale)
    revenue = money(this.revenue, figures.currency, locale, whole=this.revenue >= 1000)
    stat("Revenue", revenue, change=change, tone=tone, note=AGAINST, values=[float(day.revenue) for day in whole])
    change, tone = _relative(this.orders, before.orders, locale)
    stat(
        "Orders",
        number(this.orders, locale),
        change=change,
        tone=tone,
        note=AGAINST,
        values=[day.orders for day in whole],
        href="/orders",
    )
    change, tone = _relative(this.new_customers, before.new_customers, locale)
    stat(
        "New customers",
        number(this.new_customers, locale),
        change=change,
        tone=tone,
        note=f"of {number(figures.customers, locale)} in all",
        values=[day.new_customers for day in whole],
        href="/customers",
    )
    change, tone = _points(this, before, locale)
    stat("Repeat rate", percent(this.repeat_rate, locale), change=change, tone=tone, note="of buyers had bought before")


def _relative(value: float, before: float, locale: str) -> tuple[str | None, Tone]:
    if not before:
        return None, "gray"
    change = (value - before) / before * 100
    return signed(change, locale), "good" if change > 0.05 else "bad" if change < -0.05 else "gray"


def _points(this: Period, before: Period, locale: str) -> tuple[str | None, Tone]:
    if this.repeat_rate is None or before.repeat_rate is None:
        return None, "gray"
    change = (this.repeat_rate - before.repeat_rate) * 100
    return signed(change, locale, unit="pt"), "good" if change > 0.05 else "bad" if change < -0.05 else "gray"


def _numbers_to_come() -> None:
    skeleton_tiles(4)
    skeleton_block(340)


async def _campaigns(member: Member) -> None:
    recent = await Campaign.find().sort("-updated_at", "-_id").limit(5).to_list()
    counts = await counts_of_many(recent)
    with card("Recent campaigns", css="p-0") as actions:
        if not recent:
            with empty_state(
                "send", "No campaigns yet", "Write a message to a segment and watch it go out.", small=True
            ):
                pass
            return
        with actions:
            button("All campaigns", kind="ghost", small=True, href="/campaigns")
        for campaign in recent:
            assert campaign.id is not None
            _campaign_line(campaign, counts.get(campaign.id, Counts()), member)


def _campaign_line(campaign: Campaign, counts: Counts, member: Member) -> None:
    with ui.element("a").classes("entry").props(f"href=/campaigns/{campaign.id}"):
        with box("stack gap-1 grow min-w-0"):
            with box("line gap-2"):
                text(campaign.name, "medium truncate", tag="span")
                campaign_chip(campaign.state, campaign.approval)
            with box("muted t12 truncate"):
                text(_campaign_words(campaign, counts, member.locale), "num", tag="span")
        if counts.audience and campaign.state not in (CampaignState.DRAFT, CampaignState.SCHEDULED):
            progress(parts_of(counts), label=f"Progress of {campaign.name}", size="thin").style("width:120px;flex:none")
        ago_label(campaign.updated_at, member, "muted t12 only-wide").style("width:92px;text-align:right")


def _campaign_words(campaign: Campaign, counts: Counts, locale: str) -> str:
    if not counts.audience:
        return {"draft": "Not sent yet", "scheduled": "Waiting for its time"}.get(campaign.state, "No audience yet")
    words = f"{number(counts.sent, locale)} of {number(counts.audience, locale)} sent"
    return words + (f", {number(counts.failed, locale)} failed" if counts.failed else "")


def parts_of(counts: Counts) -> list[Part]:
    """A campaign's counts as parts of a bar, what is pending left open."""
    whole = counts.audience or 1
    parts: Sequence[tuple[int, Tone, str]] = (
        (counts.sent, "accent", "sent"),
        (counts.failed + counts.unknown, "bad", "failed or unknown"),
        (counts.skipped + counts.held_out, "gray", "skipped or held out"),
    )
    return [Part(share=count / whole, tone=tone, label=label) for count, tone, label in parts]


async def _needs(member: Member) -> None:
    found = await matters(member, since=now() - dashboard.SINCE)
    with card("Needs you", css="p-0"):
        if not found:
            with empty_state(
                "check",
                "All clear",
                "What failed, was refused or waits for your approval would show here.",
                small=True,
            ):
                pass
        for matter in found:
            _matter_line(matter, member)


def _matter_line(matter: Matter, member: Member) -> None:
    locale = member.locale
    tone: Tone = "warn" if matter.kind in ("paused", "approval") else "bad"
    label = {
        "failed": f"{number(matter.count, locale)} failed",
        "unknown": f"{number(matter.count, locale)} unknown",
        "paused": "paused",
        "rejects": plural(matter.count, "row", locale=locale) + " refused",
        "import": "import failed",
        "waiting": "waiting",
        "approval": "needs your approval",
        "declined": "declined",
    }[matter.kind]
    with ui.element("a").classes("entry").props(f"href={matter.href}"):
        with box("stack gap-1 grow min-w-0"):
            with box("line gap-2"):
                chip(label, tone)
                text(matter.name, "medium truncate", tag="span")
            if matter.reason:
                text(matter.reason, "muted t12 clamp2")
        icon("chevron-right", "faint")
