"""Cells of a data table: small JSON values the table's one template knows how to draw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from models.member import Member
from pages.components import dates, figures
from pages.components.chip import Tone
from pages.components.person import initials
from pages.components.progress import Part

Cell = dict[str, Any]


def text_cell(content: str | None, *, css: str = "", second: str | None = None, title: str | None = None) -> Cell:
    """Text with classes such as `muted` or `strong num`, and a second line if given."""
    return {"k": "text", "t": content or "–", "css": css if content else "faint", "s": second, "title": title}


def person_cell(name: str, email: str | None = None) -> Cell:
    """Initials, name and email."""
    return {
        "k": "person",
        "i": initials(name, email),
        "t": name or email or "No name",
        "s": email if name and email else None,
    }


def chip_cell(label: str, tone: Tone = "gray", *, after: str | None = None, dot: bool = False) -> Cell:
    """One chip, with muted text after it if given."""
    return {"k": "chips", "l": [{"t": label, "tone": tone, "dot": dot}], "after": after}


def chips_cell(chips: Sequence[tuple[str, Tone]], *, most: int = 3) -> Cell:
    """Some chips; those over `most` are counted."""
    rest = len(chips) - most
    return {
        "k": "chips",
        "l": [{"t": label, "tone": tone} for label, tone in chips[:most]],
        "after": f"+{rest}" if rest > 0 else None,
    }


def date_cell(when: datetime | None, member: Member, *, css: str = "muted") -> Cell:
    """A relative time with the absolute one on hover."""
    title = None if when is None else dates.moment(when, dates.zone_of(member), member.locale)
    return {"k": "text", "t": dates.ago(when, member.locale), "css": css, "title": title}


def money_cell(amount: Decimal | None, currency: str, member: Member, *, css: str = "num") -> Cell:
    """An amount whose digits line up."""
    return {"k": "text", "t": figures.money(amount, currency, member.locale), "css": css}


def number_cell(value: int | float | None, member: Member, *, css: str = "num") -> Cell:
    """A number whose digits line up."""
    return {"k": "text", "t": figures.number(value, member.locale), "css": css}


def progress_cell(parts: Sequence[Part], caption: str) -> Cell:
    """A thin bar in parts with a caption under it."""
    return {
        "k": "bar",
        "l": [{"w": f"{min(max(p.share, 0), 1) * 100:.2f}%", "tone": p.tone, "t": p.label} for p in parts],
        "t": caption,
    }


def action_cell(actions: Sequence[tuple[str, str, str]]) -> Cell:
    """Buttons in the row from (name, label, icon); the table's `on_action(name, key)` hears of clicks."""
    return {"k": "acts", "l": [{"n": name, "t": label, "icon": icon} for name, label, icon in actions]}
