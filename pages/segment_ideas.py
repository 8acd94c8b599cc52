"""Suggested segments: computed from the shop's own orders and customers, each with its formula and its size."""

from __future__ import annotations

from nicegui import ui

from app.auth.permissions import allowed
from app.segments.ideas.suggested import Idea, suggested, use_idea
from models import Member
from pages.components import (
    Region,
    ago,
    box,
    button,
    card,
    chip,
    empty_state,
    number,
    percent,
    plural,
    skeleton_block,
    text,
    toast,
)
from pages.frame import frame, page

WAITING = 6


@page("/segments/suggested", permission="segments.read", title="Suggested segments", nav="segments")
async def segment_ideas(member: Member) -> None:
    """Every suggestion; those that lack data say what is missing."""
    screen = _Screen(member)
    subtitle = "Computed from your own orders and customers, never guessed"
    with frame(member, "Suggested segments", subtitle, back=("/segments", "Segments")) as actions:
        with actions:
            button("Compute again", icon="refresh-cw", on_click=screen.again)
        screen.region = Region(screen.fill, _to_come, css="stack gap-4")
    await ui.context.client.connected()
    await screen.region.load()


class _Screen:
    """The page, and whether the next load computes anew."""

    region: Region

    def __init__(self, member: Member) -> None:
        self.member = member
        self.may_use = allowed(member, "segments.write")
        self.fresh = False

    async def again(self) -> None:
        """Compute now, whatever is kept."""
        self.fresh = True
        await self.region.load()

    async def fill(self) -> None:
        """The suggestions, those with data first."""
        fresh, self.fresh = self.fresh, False
        found = await suggested(self.member, fresh=fresh)
        locale = self.member.locale
        if not found.customers:
            words = "Suggestions come from customers and their orders. Import some first."
            with card(css="p-0"), empty_state("sparkles", "No customers yet", words) as actions, actions:
                button("Import customers", icon="upload", kind="primary", href="/imports")
            return
        customers = plural(found.customers, "customer", locale=locale)
        text(f"Computed {ago(found.computed_at, locale)} from {customers}.", "muted t12")
        with box("ideas"):
            for idea in found.ideas:
                if idea.missing is None:
                    self._idea(idea)
        lacking = [idea for idea in found.ideas if idea.missing is not None]
        if lacking:
            with card("Not enough data yet", note="These appear by themselves once the data is there"):
                with ui.element("ul").classes("lacking"):
                    for idea in lacking:
                        with ui.element("li"):
                            text(idea.name, "medium", tag="span")
                            text(idea.missing or "", "muted", tag="span")

    def _idea(self, idea: Idea) -> None:
        locale = self.member.locale
        with card(css="p-5 idea"):
            with box("line gap-2 items-start"):
                text(idea.name, "t16 flex-1 break-words", tag="h2")
                if idea.share is not None:
                    chip(f"{percent(idea.share, locale)} of revenue", "accent" if idea.share >= 0.1 else "gray")
            with box("line gap-2 items-baseline"):
                text(number(idea.size, locale), "t28 num", tag="span")
                text("person" if idea.size == 1 else "people", "muted", tag="span")
            text(idea.why, "break-words")
            text(idea.formula, "muted t12 break-words num")
            if self.may_use:
                with box("line gap-2 idea-act"):
                    button("Use this", icon="plus", small=True, on_click=lambda: self._use(idea)).mark(idea.key)

    async def _use(self, idea: Idea) -> None:
        segment = await use_idea(self.member, idea.key)
        toast(f"{segment.name} is saved as a segment")
        ui.navigate.to(f"/segments/{segment.id}")


def _to_come() -> None:
    with box("ideas"):
        for _ in range(WAITING):
            skeleton_block(200)
