"""The campaigns that a series has made, newest first."""

from __future__ import annotations

from nicegui import ui

from app.campaigns.record.progress import counts_of_many
from models import Campaign, Member
from pages.components import button, campaign_chip, card, clock, day, number, plural, text, zone_of
from pages.components.text import box

SHOWN = 12


async def draw_series(member: Member, series: Campaign) -> None:
    """A card with the last dozen of them."""
    found = await Campaign.find({"series_id": series.id}).sort("-occurrence_at").limit(SHOWN).to_list()
    counts = await counts_of_many(found)
    locale, zone = member.locale, zone_of(member)
    with card("Sent so far", css="p-0") as actions:
        if found:
            with actions:
                button("All of them", small=True, kind="ghost", href=f"/campaigns?series={series.id}")
        if not found:
            text("Nothing yet. Each time it goes out shows here, with its own numbers.", "muted series-empty")
        for one in found:
            assert one.id is not None
            with ui.element("a").classes("entry") as line:
                line.props["href"] = f"/campaigns/{one.id}"
                with box("stack min-w-0 flex-1"):
                    text(one.name, "medium truncate")
                    if one.occurrence_at is not None:
                        text(
                            f"{day(one.occurrence_at, locale, zone=zone)}, {clock(one.occurrence_at, zone, locale)}",
                            "muted t12",
                        )
                sent, audience = number(counts[one.id].sent, locale), counts[one.id].audience
                text(f"{sent} of {plural(audience, 'person', 'people', locale)}", "num muted t12 whitespace-nowrap")
                campaign_chip(one.state)
