"""Why somebody is in a segment or not: the rule as a tree, what was found at each condition, and what it would take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from app.segments.explain import explain_customer
from models.member import Member
from pages.components.icon import icon
from pages.components.loading import Region
from pages.components.sheet import Sheet
from pages.components.skeleton import skeleton
from pages.components.text import box, text

JOINED = {
    ("and", False): "All of these",
    ("or", False): "At least one of these",
    ("and", True): "Not all of these",
    ("or", True): "None of these",
}


def why_tree(told: Mapping[str, Any]) -> None:
    """The tree of an explanation as `explain_customer` gives it."""
    with ui.element("ul").classes("why-tree"):
        _node(told)


def why_sheet(member: Member, segment_id: str, segment: str, customer_id: str, customer: str) -> tuple[Sheet, Region]:
    """A sheet that tells why this customer is in this segment or not; open it, then load its region."""
    sheet = Sheet(customer, f"in {segment}, or not, and why")

    async def build() -> None:
        told = await explain_customer(member, segment_id=segment_id, customer_id=customer_id)
        sheet.title.text = f"{customer} is {'in' if told['truth'] else 'not in'} {segment}"
        sheet.subtitle.text = told["sentence"]
        why_tree(told)

    with sheet:
        region = Region(build, lambda: skeleton(6))
    with sheet.foot, ui.element("a").classes("btn") as link:
        link.props["href"] = f"/customers/{customer_id}"
        text("Open customer", tag="span")
    return sheet, region


def _node(told: Mapping[str, Any]) -> None:
    with ui.element("li").classes("why-node"):
        good = bool(told["truth"])
        with box("why-line"):
            with box(f"why-mark {'good' if good else 'bad'}", tag="span"):
                icon("check" if good else "x", "s14")
            text("Holds:" if good else "Does not hold:", "sr-only", tag="span")
            with box("stack min-w-0"):
                if "rules" in told:
                    joined = JOINED[told.get("combinator", "and"), bool(told.get("not"))]
                    text(joined if told["rules"] else "Every customer", "medium")
                else:
                    text(_capital(told["because"] or told["text"]))
                    if told.get("change"):
                        text(_capital(told["change"]), "why-change")
        if told.get("rules"):
            with ui.element("ul"):
                for inner in told["rules"]:
                    _node(inner)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
