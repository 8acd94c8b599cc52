"""What is known of a customer, as facts."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from app.settings import get_settings
from models.customer import Customer
from models.member import Member
from pages.components.card import card
from pages.components.chip import chip
from pages.components.dates import day
from pages.components.figures import number
from pages.components.text import text


def profile_cards(one: Customer, member: Member) -> None:
    """Two cards: what is known of the customer, and the fields of the shop's own; empty ones are left out."""
    locale, zone = member.locale, get_settings().zone
    first = day(one.first_order_at, locale, zone=zone) if one.first_order_at else None
    with card("Profile"), ui.element("dl").classes("facts"):
        address = " ".join(part for part in (one.postal_code, one.city) if part)
        for label, value in (
            ("Email", one.email),
            ("Phone", one.phone),
            ("Street", one.street),
            ("City", address or None),
            ("Region", one.region),
            ("Country", one.country),
            ("Birthday", day(one.birthday, locale) if one.birthday else None),
            ("Gender", one.gender),
            ("Source", one.source),
            ("Shop's id", one.external_id),
            ("First order", first),
        ):
            if value:
                text(label, tag="dt")
                text(value, tag="dd")
        if one.tags:
            text("Tags", tag="dt")
            with ui.element("dd").classes("line gap-1 flex-wrap"):
                for tag in one.tags:
                    chip(tag)
    if one.attributes:
        with card("Custom fields"), ui.element("dl").classes("facts"):
            for key, found in sorted(one.attributes.items()):
                text(key.replace("_", " ").capitalize(), tag="dt")
                text(_attribute(found, locale), tag="dd")


def _attribute(value: Any, locale: str) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        return number(value, locale)
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
