"""A progress bar in parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nicegui import ui

from pages.components.chip import Tone


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a bar: its share of the whole (0..1), its tone, and what it is, for screen readers."""

    share: float
    tone: Tone = "accent"
    label: str = ""


class ProgressBar(ui.element):
    """A bar whose parts can be set again and again; only widths that changed travel to the browser."""

    def __init__(self, parts: Sequence[Part] = (), *, label: str = "Progress", size: str = "") -> None:
        super().__init__("div")
        self.classes(f"bar {size}")
        self.props["role"] = "progressbar"
        self.props["aria-label"] = label
        self.props["aria-valuemin"] = 0
        self.props["aria-valuemax"] = 100
        self._segments: list[ui.element] = []
        self._shown: list[tuple[str, str, str]] = []
        self.set(parts)

    def set(self, parts: Sequence[Part]) -> None:
        """Show these parts, in this order."""
        wanted = [(f"{min(max(part.share, 0), 1) * 100:.2f}%", part.tone, part.label) for part in parts]
        while len(self._segments) < len(wanted):
            with self:
                self._segments.append(ui.element("div"))
                self._shown.append(("", "", ""))
        for index, segment in enumerate(self._segments):
            now = wanted[index] if index < len(wanted) else ("0%", "gray", "")
            if now == (before := self._shown[index]):
                continue
            self._shown[index] = now
            for was, value, change in zip(before, now, self._changes(segment), strict=True):
                if was != value:
                    change(value)
        done = round(sum(part.share for part in parts) * 100)
        if self.props.get("aria-valuenow") != done:
            self.props["aria-valuenow"] = done

    @staticmethod
    def _changes(segment: ui.element) -> tuple[Callable[[str], object], ...]:
        """How the width, the tone and the label of a part are changed, each by itself: a change costs 50 us."""

        def widen(width: str) -> None:
            # As `style(replace=...)` does, which clears and fills the styles and so counts as two changes.
            segment.style["width"] = width

        return (
            widen,
            lambda tone: segment.classes(replace=tone),
            lambda label: segment.props.update(title=label),
        )


def progress(parts: Sequence[Part], *, label: str = "Progress", size: str = "") -> ProgressBar:
    """A progress bar; `size` is "", "thin" or "big"."""
    return ProgressBar(parts, label=label, size=size)
