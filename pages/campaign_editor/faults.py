"""The faults of the simulator, in words a person would use, as percentages."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import ValidationError

from models.campaign_plan import Simulation
from pages.campaign_editor.draft import Draft
from pages.campaign_editor.fold import fold
from pages.components import number_field, text
from pages.components.text import box

SHARES = (
    ("failed", "Refused for good", "Such as an address that does not exist."),
    ("temporary", "Refused for now", "Tried again later, as real servers ask."),
    ("unclear", "Arrival not certain", "The line breaks on the way: nobody knows whether it arrived."),
    ("bounced", "Bounces later", "Taken first, and a receipt says it came back."),
)
RECEIPTS = (
    ("complained", "Marked as spam", "A receipt says so."),
    ("lost", "Receipts lost", "They never come."),
    ("duplicate", "Receipts twice", "The same one comes again."),
    ("reordered", "Receipts in the wrong order", "The later one comes first."),
)
AMOUNTS: tuple[tuple[str, str, str, str, float], ...] = (
    ("late_seconds", "Receipts late by up to", "s", "After the message was taken.", 3_600),
    ("slow_ms", "Each answer takes", "ms", "How long the vendor thinks.", 60_000),
    ("outage_after", "Away from message number", "", "Empty: it is never away.", 100_000_000),
    ("outage_seconds", "Away for", "s", "Then it answers again.", 3_600),
    ("seed", "Seed", "", "The same number has the same faults for the same people.", 2**31),
)


class FaultFields:
    """Number fields for each fault; what is out of range is left as it was."""

    def __init__(self, draft: Draft, changed: Callable[[], None]) -> None:
        self._draft = draft
        self._changed = changed
        with box("fgrid"):
            for name, label, hint in SHARES:
                self._share(name, label, hint)
        with fold("More faults", "receipts, delays and outages"):
            with box("fgrid"):
                for name, label, hint in RECEIPTS:
                    self._share(name, label, hint)
                for name, label, unit, hint, most in AMOUNTS:
                    self._amount(name, label, unit, hint, most)
            text("With these every screen can be seen, and every fault again, without a mail server.", "muted t12")

    def _share(self, name: str, label: str, hint: str) -> None:
        number_field(
            label,
            round(getattr(self._draft.simulation, name) * 100, 2),
            minimum=0,
            maximum=100,
            unit="%",
            hint=hint,
            on_change=lambda value: self._set(name, (value or 0) / 100),
        )

    def _amount(self, name: str, label: str, unit: str, hint: str, most: float) -> None:
        number_field(
            label,
            getattr(self._draft.simulation, name),
            minimum=0,
            maximum=most,
            unit=unit or None,
            hint=hint,
            on_change=lambda value: self._set(name, value),
        )

    def _set(self, name: str, value: float | None) -> None:
        given = self._draft.simulation.model_dump()
        if name == "outage_after":
            given[name] = None if value is None else int(value)
        else:
            given[name] = int(value or 0) if name in ("seed", "slow_ms") else value or 0
        try:
            found = Simulation.model_validate(given)
        except ValidationError:
            return
        if found != self._draft.simulation:
            self._draft.simulation = found
            self._changed()
