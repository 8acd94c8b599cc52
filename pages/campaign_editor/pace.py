"""How fast it goes out, who is left out on purpose, and what is done when nobody knows whether a message arrived."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from app.campaigns.pacing import plan
from models import Member
from models.campaign_plan import Ambiguity
from models.values import now
from pages.campaign_editor.consequences import getting
from pages.campaign_editor.draft import Draft
from pages.campaign_editor.fold import fold
from pages.components import card, day, number, number_field, plural, segmented, switch_field, text
from pages.components.text import box

CERTAINTY: list[tuple[str, str, str | None]] = [
    (Ambiguity.UNKNOWN.value, "Leave it unknown", None),
    (Ambiguity.RESEND.value, "Send it again", None),
]
CERTAINTY_WORDS = {
    Ambiguity.UNKNOWN.value: "Nobody gets it twice. You see how many are unknown and can send to them afterwards.",
    Ambiguity.RESEND.value: "Nobody is missed. A few may get it twice, if the line breaks at the wrong moment.",
}
DAYS_SHOWN = 5


class PaceCard:
    """Everything that has a sensible default, folded away. `changed` is called after every change."""

    def __init__(self, draft: Draft, member: Member, changed: Callable[[], None]) -> None:
        self._draft = draft
        self._member = member
        self._changed = changed
        with card(css="p-5"), fold("Pace and more", "", opened=self._special()) as self._about:
            self._limits()
            self._warm_up()
            self._certainty()
            self.holdout = number_field(
                "Hold out",
                draft.holdout_percent,
                minimum=0,
                maximum=50,
                unit="%",
                optional=True,
                hint="A random part that gets nothing, to measure what the campaign changes.",
                on_change=lambda value: self._set("holdout_percent", value),
            )
        self.show()

    def _limits(self) -> None:
        draft = self._draft
        self.throttle = number_field(
            "At most",
            draft.throttle_per_second,
            minimum=1,
            maximum=100_000,
            step=1,
            unit="a second",
            optional=True,
            hint="Messages a second. Empty sends as fast as the server takes them.",
            on_change=lambda value: self._set("throttle_per_second", value),
        )
        with box("fgrid"):
            self.window_messages = number_field(
                "No more than",
                draft.window_messages,
                minimum=1,
                step=1,
                unit="messages",
                optional=True,
                hint="For a mail server that counts by the hour.",
                on_change=lambda value: self._set("window_messages", value),
            )
            self.window_minutes = number_field(
                "In any",
                draft.window_minutes,
                minimum=1,
                maximum=10_080,
                step=1,
                unit="minutes",
                optional=True,
                on_change=lambda value: self._set("window_minutes", value),
            )

    def _warm_up(self) -> None:
        draft = self._draft
        switch_field(
            "Warm up",
            draft.warms_up,
            hint="Little on the first day and more on each day after, so that mail providers learn to trust a new "
            "sender.",
            on_change=lambda value: self._set("warms_up", bool(value)),
        )
        with box("stack gap-4") as self._warming:
            with box("fgrid"):
                self.first_day = number_field(
                    "On the first day",
                    draft.first_day,
                    minimum=1,
                    maximum=1_000_000,
                    step=1,
                    unit="messages",
                    on_change=lambda value: self._set("first_day", value),
                )
                self.growth = number_field(
                    "Each day after",
                    draft.growth,
                    minimum=1,
                    maximum=10,
                    step=0.1,
                    unit="times as many",
                    on_change=lambda value: self._set("growth", value),
                )
            self._days = box("warm-days")
            self._through = text("", "muted t12").mark("warm-through")

    def _certainty(self) -> None:
        with box("fg"):
            text("If it is not certain that a message arrived", "lab", tag="span")
            with box("stack gap-1.5 items-start"):
                segmented(CERTAINTY, self._draft.ambiguity, self._choose_certainty, label="If it is not certain")
                self._certainty_words = text(CERTAINTY_WORDS[self._draft.ambiguity], "muted t12")

    def _choose_certainty(self, key: str) -> None:
        self._certainty_words.text = CERTAINTY_WORDS[key]
        self._set("ambiguity", key)

    def _set(self, name: str, value: object) -> None:
        if getattr(self._draft, name) != value:
            setattr(self._draft, name, value)
            self.show()
            self._changed()

    def show(self) -> None:
        """Bring the summary and the days of the warm-up in line with the draft."""
        self._about.text = self._summary()
        self._warming.set_visibility(self._draft.warms_up)
        self._days.clear()
        self._through.text = ""
        people = getting(self._draft)
        if self._draft.warm_up is None or not people:
            return
        locale = self._member.locale
        days = plan(self._draft.warm_up, people, self._draft.at or now())
        with self._days:
            for place, (_, count) in enumerate(days[:DAYS_SHOWN]):
                with box("warm-day"):
                    text(f"Day {place + 1}", "muted t12")
                    text(number(count, locale), "medium num")
            if len(days) > DAYS_SHOWN:
                text("…", "muted warm-more")
        last = days[-1][0]
        if sum(count for _, count in days) < people:
            self._through.text = f"After a year, on {day(last, locale)}, it would not be through. Let it grow faster."
        else:
            whom = plural(people, "person", "people", locale)
            took = plural(len(days), "day", "days", locale)
            self._through.text = f"With {whom} it is through after {took}, on {day(last, locale)}."

    def _special(self) -> bool:
        draft = self._draft
        given = (draft.throttle_per_second, draft.window_messages, draft.warms_up, draft.holdout_percent)
        return any(given) or draft.ambiguity != Ambiguity.UNKNOWN.value

    def _summary(self) -> str:
        draft, locale = self._draft, self._member.locale
        parts = []
        if draft.throttle_per_second:
            parts.append(f"{number(int(draft.throttle_per_second), locale)} a second")
        if draft.window_messages and draft.window_minutes:
            parts.append(f"{number(int(draft.window_messages), locale)} in {_minutes(draft.window_minutes)}")
        if draft.warm_up:
            parts.append(f"warm-up from {number(draft.warm_up.first_day, locale)} a day")
        if draft.ambiguity == Ambiguity.RESEND.value:
            parts.append("uncertain ones sent again")
        if draft.holdout_percent:
            parts.append(f"{draft.holdout_percent:g} % held out")
        return ", ".join(parts) or "as fast as it goes, to everybody"


def _minutes(minutes: float) -> str:
    span = timedelta(minutes=int(minutes))
    if span == timedelta(hours=1):
        return "an hour"
    if span == timedelta(days=1):
        return "a day"
    return f"{int(minutes)} minutes"
