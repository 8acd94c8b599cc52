"""How and when it goes out: the way, the time, how fast, and who is left out on purpose."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from nicegui import ui

from app.settings import get_settings
from models.campaign import Channel
from pages.campaign_editor.draft import Draft
from pages.components import card, date_field, number_field, segmented, select_field, text
from pages.components.field import QUIET, labelled
from pages.components.text import box

WAYS = {Channel.EMAIL.value: "Email", Channel.OUTBOX.value: "Built-in outbox"}


def way_words(channel: str) -> str:
    """Where messages of this channel really go in this installation."""
    settings = get_settings()
    if channel == Channel.OUTBOX.value:
        return "Messages are kept in the outbox of Cohort and leave for nowhere."
    if settings.smtp_url:
        return f"Goes out by the mail server {urlsplit(settings.smtp_url).hostname}, from {settings.mail_from}."
    return "No mail server is set, so messages are kept in the built-in outbox and leave for nowhere."


class SendingCard:
    """`changed` is called after every change."""

    def __init__(self, draft: Draft, changed: Callable[[], None]) -> None:
        self._draft = draft
        self._changed = changed
        with card(css="p-5"):
            with box("card-head"):
                text("Sending", "t16", tag="h2")
            with box("stack gap-4"):
                with box("stack gap-1.5"):
                    self.channel = select_field("By", WAYS, draft.channel, on_change=self._set_channel)
                    self._way = text(way_words(draft.channel), "muted t12")
                self._when()
                with box("fgrid"):
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
                    self.throttle = number_field(
                        "At most",
                        draft.throttle_per_second,
                        minimum=1,
                        unit="a second",
                        optional=True,
                        hint="Messages a second. Empty sends as fast as the server takes them.",
                        on_change=lambda value: self._set("throttle_per_second", value),
                    )

    def _when(self) -> None:
        draft = self._draft
        with box("fg"):
            text("When", "lab", tag="span")
            options: list[tuple[str, str, str | None]] = [
                ("now", "As soon as I send it", None),
                ("later", "At a time", "clock"),
            ]
            segmented(options, "later" if draft.later else "now", self._set_later, label="When").classes("self-start")
            with box("fgrid mt-2") as self._time:
                self.day = date_field("Day", None, on_change=lambda value: self._set("day", value))
                self.day.value = draft.day
                with labelled(f"Time in {draft.zone.key}") as tie:
                    self.hour = ui.input(value=draft.hour).props(f"{QUIET} type=time")
                    self.hour.on_value_change(lambda event: self._set("hour", event.value or ""))
                    tie(self.hour)
            self._time.set_visibility(draft.later)

    def _set_later(self, key: str) -> None:
        self._draft.later = key == "later"
        self._time.set_visibility(self._draft.later)
        self._changed()

    def _set_channel(self, key: str) -> None:
        self._draft.channel = key
        self._way.text = way_words(key)
        self._changed()

    def _set(self, name: str, value: object) -> None:
        if getattr(self._draft, name) != value:
            setattr(self._draft, name, value)
            self._changed()
