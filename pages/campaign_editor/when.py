"""When it goes out: now, at a time, again and again, or to everybody who enters its segments from now on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from nicegui import ui

from app.campaigns.life.schedule import times_after
from app.campaigns.life.schedule_words import repeat_words, time_words
from models import Member
from models.values import now
from pages.campaign_editor.draft import Draft
from pages.components import ago, card, date_field, icon, number_field, segmented, select_field, text, zone_of
from pages.components.field import QUIET, labelled
from pages.components.text import box

CHOICES: list[tuple[str, str, str | None]] = [
    ("now", "Now", "send"),
    ("later", "At a time", "clock"),
    ("repeat", "Again and again", "repeat"),
    ("standing", "Standing", "user-plus"),
]
UNITS = {"day": "days", "week": "weeks", "month": "months"}
NEXT_TIMES = 3


class WhenCard:
    """`changed` is called after every change."""

    def __init__(self, draft: Draft, member: Member, changed: Callable[[], None]) -> None:
        self._draft = draft
        self._member = member
        self._changed = changed
        with card("When"):
            with box("stack gap-4"):
                with box("when-choice"):
                    segmented(CHOICES, draft.when, self._choose, label="When")
                self._fields()
                with box("banner gray read-back") as self._read_back:
                    self._icon = icon("clock")
                    self._words = box("stack gap-1 min-w-0")
        self._show()

    def _fields(self) -> None:
        draft = self._draft
        with box("fgrid") as self._how_often:
            number_field(
                "Every",
                draft.every,
                minimum=1,
                maximum=365,
                step=1,
                on_change=lambda value: self._set("every", value),
            )
            select_field("Unit", UNITS, draft.unit, on_change=lambda value: self._set("unit", value))
        with box("fg") as self._time:
            self._later = text("Begin later, if not at once", "lab", tag="span")
            with box("fgrid"):
                self.day = date_field("Day", None, on_change=lambda value: self._set("day", value or ""))
                self.day.value = draft.day
                with labelled(f"Time in {draft.zone.key}") as tie:
                    self.hour = ui.input(value=draft.hour).props(f"{QUIET} type=time")
                    self.hour.on_value_change(lambda event: self._set("hour", event.value or ""))
                    tie(self.hour)
        with box("fgrid") as self._end:
            self.until = date_field(
                "Last day", None, optional=True, on_change=lambda value: self._set("until", value or "")
            )
            self.until.value = draft.until

    def _choose(self, key: str) -> None:
        self._draft.when = key  # type: ignore[assignment]  # one of our own choices
        if key in ("later", "repeat") and not self._draft.day:
            tomorrow = now().astimezone(self._draft.zone).date() + timedelta(days=1)
            self.day.value = tomorrow.isoformat()
        self._show()
        self._changed()

    def _set(self, name: str, value: object) -> None:
        if getattr(self._draft, name) != value:
            setattr(self._draft, name, value)
            self._show()
            self._changed()

    def _show(self) -> None:
        when = self._draft.when
        self._time.set_visibility(when != "now")
        self._later.set_visibility(when == "standing")
        self._how_often.set_visibility(when == "repeat")
        self._end.set_visibility(when == "repeat")
        lines = self._lines()
        self._read_back.set_visibility(bool(lines))
        self._words.clear()
        with self._words:
            for place, line in enumerate(lines):
                text(line, "break-words" if place == 0 else "muted t12 break-words")

    def _lines(self) -> list[str]:
        """What was chosen, read back: the sentence first, then what else is good to know."""
        draft = self._draft
        if draft.when == "now":
            return []
        if draft.when == "standing":
            lines = [
                "Goes to everybody who is in the segments, and once to each person who enters them later, until you "
                "stop it."
            ]
            return lines + ([f"It begins on {self._exact()}."] if draft.at else ["It begins as soon as you send it."])
        if draft.at is None:
            return ["Choose a day and a time."]
        if draft.when == "later":
            return [f"Goes out {ago(draft.at, self._member.locale)}, on {self._exact()}.", *self._notes()]
        return [*self._repeat_lines(), *self._notes()]

    def _repeat_lines(self) -> list[str]:
        draft, locale = self._draft, self._member.locale
        repeat, at = draft.repeat, draft.at
        if repeat is None or at is None:
            return ["Say how often it repeats: every 1 to 365."]
        times = []
        for time in times_after(at, repeat, draft.zone, at - timedelta(seconds=1)):
            times.append(time_words(time, draft.zone, locale))
            if len(times) == NEXT_TIMES:
                break
        if not times:
            return ["The last day is before the first time."]
        words = [f"{repeat_words(repeat, at, draft.zone, locale)}."]
        words.append(f"Next: {'; '.join(times)}." if len(times) > 1 else f"Only once: {times[0]}.")
        return [*words, "Each time it goes to whoever is in the segments then, as a campaign of its own."]

    def _notes(self) -> list[str]:
        draft = self._draft
        notes = []
        if draft.skipped_time:
            notes.append(f"The clocks skip {draft.hour[:5]} on that day, so it goes out at {draft.skipped_time}.")
        mine = zone_of(self._member)
        if draft.at and draft.at.astimezone(mine).utcoffset() != draft.at.astimezone(draft.zone).utcoffset():
            notes.append(f"For you that is {time_words(draft.at, mine, self._member.locale)} ({mine.key}).")
        return notes

    def _exact(self) -> str:
        draft = self._draft
        return f"{time_words(draft.at, draft.zone, self._member.locale)} ({draft.zone.key})" if draft.at else ""
