"""Choosing segments by name, searched for on the server, so that any number of them can be found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from app.errors import NotFound
from app.segments.service import get_segment, list_segments
from models import Member, Segment
from pages.components import number
from pages.components.field import QUIET, labelled

AT_ONCE = 30


class Segments:
    """The segments this page knows: the latest, those chosen, and what was searched for."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self.known: dict[str, Segment] = {}

    async def load(self, chosen: list[str]) -> None:
        """The latest ones, and those that are chosen; a chosen one that is gone is left out."""
        await self.search("")
        for key in chosen:
            if key not in self.known:
                try:
                    self.known[key] = await get_segment(self._member, key)
                except NotFound:
                    continue

    async def search(self, words: str) -> None:
        """Learn those whose name has these words in it."""
        for one in (await list_segments(self._member, search=words[:120], limit=AT_ONCE))[0]:
            self.known.setdefault(str(one.id), one)

    def options(self) -> dict[str, str]:
        """Words by id; what is learnt later comes at the end."""
        locale = self._member.locale
        return {
            key: f"{one.name} · {number(one.size, locale)}" if one.size is not None else one.name
            for key, one in self.known.items()
        }


class SegmentPicker(ui.select):
    """Chips with a search. Options are only ever added at the end: the browser names a choice by its place."""

    def __init__(self, segments: Segments, value: list[str], on_change: Callable[[list[str]], Any]) -> None:
        super().__init__(segments.options(), value=value, multiple=True, with_input=True)
        self._segments = segments
        self.props(f"{QUIET} use-chips options-dense dropdown-icon=expand_more input-debounce=200")
        self.on_value_change(lambda event: on_change([str(key) for key in event.value or ()]))
        self.on("input-value", self._typed)
        self.on("popup-show", self._bring, [])

    async def _typed(self, event: GenericEventArguments) -> None:
        if words := str(event.args or "").strip():
            await self._segments.search(words)
            self._bring()

    def _bring(self) -> None:
        options = self._segments.options()
        if not self.is_deleted and len(options) != len(self.options):
            self.set_options(options)


def segment_picker(
    label: str, segments: Segments, value: list[str], on_change: Callable[[list[str]], Any], *, optional: bool = False
) -> SegmentPicker:
    """A labelled picker."""
    with labelled(label, optional=optional) as tie:
        control = SegmentPicker(segments, value, on_change)
        tie(control)
    return control
