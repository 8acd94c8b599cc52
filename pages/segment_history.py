"""The history of a segment: every save, what it changed, and the way back."""

from __future__ import annotations

from nicegui import ui

from app.auth.permissions import allowed
from app.segments.contact import saved_shown
from app.segments.saved.revisions import Step, list_revisions
from app.segments.service import get_segment, restore_segment
from models import Member, Segment
from models.segment import RuleSource
from models.segment_revision import SegmentRevision
from pages.components import (
    ago_label,
    box,
    button,
    card,
    chip,
    confirm,
    number,
    skeleton,
    text,
    toast,
)
from pages.components.chip import Tone
from pages.components.icon import icon
from pages.components.loading import Region
from pages.frame import frame, page, set_title
from pages.segment_tabs import segment_tabs

PER_PAGE = 20
SOURCES: dict[RuleSource, tuple[str, Tone, str]] = {
    RuleSource.HAND: ("By hand", "gray", "pencil"),
    RuleSource.GRAMMAR: ("From words", "info", "message-square"),
    RuleSource.GEMINI: ("Gemini", "accent", "sparkles"),
    RuleSource.OPENAI: ("OpenAI", "accent", "sparkles"),
    RuleSource.IMPORT: ("Imported", "gray", "upload"),
}
MARKS = {
    "added": ("plus", "good", "Added:"),
    "removed": ("minus", "bad", "Removed:"),
    "changed": ("repeat", "warn", "Changed:"),
}


@page("/segments/{segment_id}/history", permission="segments.read", title="History", nav="segments")
async def segment_history(member: Member, segment_id: str) -> None:
    """Every revision of one segment, newest first."""
    segment = await saved_shown(member, await get_segment(member, segment_id))
    set_title(f"{segment.name}: history")
    screen = _Screen(member, segment)
    screen.draw()
    await ui.context.client.connected()
    await screen.region.load()


class _Screen:
    """The page: how far back it shows, and the segment as last read."""

    def __init__(self, member: Member, segment: Segment) -> None:
        self.member = member
        self.segment = segment
        self.shown = PER_PAGE
        self.may_write = allowed(member, "segments.write")

    def draw(self) -> None:
        """Head and tabs at once, the revisions when the browser is there."""
        with frame(self.member, self.segment.name, self.segment.sentence, back=("/segments", "Segments")) as actions:
            with actions:
                button("Export rule", icon="download", href=f"/api/segments/{self.segment.id}/export")
            segment_tabs(self.segment, "history")
            self.region = Region(self._fill, lambda: skeleton(8))

    async def _fill(self) -> None:
        self.segment = await saved_shown(self.member, await get_segment(self.member, self.segment.id))
        found, following = await list_revisions(self.member, self.segment.id, limit=min(self.shown, 200))
        with card(css="p-0"), ui.element("ol").classes("revisions"):
            for step in found:
                self._revision(step)
        if following and self.shown < 200:
            with box("line justify-center mt-4"):
                button("Show older versions", on_click=self._older)

    async def _older(self) -> None:
        self.shown += 2 * PER_PAGE
        await self.region.load()

    def _revision(self, step: Step) -> None:
        one = step.revision
        current = one.number == self.segment.version
        with ui.element("li").classes("revision here" if current else "revision"):
            box("dot", tag="span")
            with box("stack gap-3 min-w-0"):
                self._head(one, current)
                _changes(step)
                text(one.sentence, "muted revision-says")
                if one.prompt:
                    with box("revision-prompt"):
                        icon("message-square", "s14")
                        text(one.prompt, "min-w-0 break-words")
                if self.may_write and not current:
                    with box("line"):
                        button(
                            "Restore this version",
                            icon="rotate-ccw",
                            small=True,
                            on_click=lambda: self._restore(one),
                        )

    def _head(self, one: SegmentRevision, current: bool) -> None:
        word, tone, picture = SOURCES[one.source]
        with box("revision-head"):
            with box("line gap-2 flex-wrap"):
                text(f"Version {one.number}", "strong", tag="h2")
                if current:
                    chip("Current", "good")
                chip(one.model or word, tone, icon=picture)
                if one.restored_from:
                    chip(f"Version {one.restored_from} restored", "gray", icon="rotate-ccw")
            with box("line gap-2 muted t12"):
                if one.saved_by_name:
                    text(one.saved_by_name, tag="span")
                    text("·", tag="span")
                ago_label(one.saved_at, self.member, "")
                if one.size is not None:
                    text("·", tag="span")
                    text(
                        f"{number(one.size, self.member.locale)} {'person' if one.size == 1 else 'people'} then",
                        "num",
                        tag="span",
                    )

    async def _restore(self, one: SegmentRevision) -> None:
        sure = await confirm(
            f"Restore version {one.number}?",
            f"{self.segment.name} becomes again: {one.sentence}. Campaigns that use it go to those people from now on. "
            "The version in use stays in this history.",
            action="Restore version",
            cancel="Keep the current one",
        )
        if not sure:
            return
        self.segment = await restore_segment(
            self.member, self.segment.id, revision=one.number, version=self.segment.version
        )
        toast(f"Version {one.number} is in use again")
        ui.navigate.to(f"/segments/{self.segment.id}/history")


def _changes(step: Step) -> None:
    told = False
    with ui.element("ul").classes("revision-changes"):
        if step.renamed_from:
            _change("pencil", "warn", f"Renamed from {step.renamed_from} to {step.revision.name}")
            told = True
        for change in step.changes or ():
            mark, tone, _ = MARKS[change.kind]
            _change(mark, tone, change.as_text())
            told = True
        if step.described_anew and not step.changes:
            _change("pencil", "warn", "Description changed")
            told = True
        if not told:
            _change("circle-dot" if step.changes is None else "check", "gray", _quiet(step))


def _quiet(step: Step) -> str:
    """What is said of a save that changed no condition."""
    if step.changes is None:
        return "The first version that is kept"
    return "The same people as before"


def _change(picture: str, tone: str, words: str) -> None:
    with ui.element("li"):
        with box(f"why-mark {tone}", tag="span"):
            icon(picture, "s14")
        text(words, "min-w-0 break-words")
