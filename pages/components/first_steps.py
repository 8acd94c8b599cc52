"""What an empty shop shows instead of numbers: the way to the first campaign."""

from __future__ import annotations

from typing import NamedTuple

from app.auth.permissions import allowed
from models.member import Member
from pages.components.button import button
from pages.components.card import card
from pages.components.icon import icon
from pages.components.text import box, text


class _Step(NamedTuple):
    picture: str
    title: str
    body: str
    verb: str
    href: str
    permission: str


def first_steps(member: Member) -> None:
    """Three steps; the buttons of those the member may take."""
    steps = (
        _Step("upload", "Bring your customers", "From a CSV or Excel file with names and email addresses; orders too.",
              "Import customers", "/imports?kind=customers", "imports.run"),
        _Step("filter", "Describe a segment", "Say in plain words whom you mean, and see at once who that is and why.",
              "New segment", "/segments/new", "segments.write"),
        _Step("send", "Send a campaign", "Write to the segment and watch the numbers move while it goes out.",
              "New campaign", "/campaigns/new", "campaigns.write"),
    )  # fmt: skip
    with box("grid gap-4 md:grid-cols-3"):
        for n, step in enumerate(steps, 1):
            with card(), box("stack gap-3").style("height:100%"):
                with box("line justify-between"):
                    with box("badge-soft"):
                        icon(step.picture, "s18")
                    text(f"Step {n}", "muted t12", tag="span")
                with box("stack gap-1 grow"):
                    text(step.title, "t16", tag="h2")
                    text(step.body, "muted", tag="p")
                if allowed(member, step.permission):
                    with box():
                        button(step.verb, kind="primary" if n == 1 else "plain", href=step.href)
