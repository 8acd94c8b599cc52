"""Who gets it: segments in, segments out, and at once how many people that is and how many can be reached."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from nicegui import background_tasks

from app.campaigns.life.service import estimate
from app.errors import CohortError
from models import Member
from pages.campaign_editor.draft import Draft
from pages.campaign_editor.segment_picker import Segments, segment_picker
from pages.components import Part, button, card, explain, number, plural, progress, text
from pages.components.text import box

PAUSE_SECONDS = 0.15


class AudienceCard:
    """Two fields and what comes of them. `changed` is called with the choice, `counted` when the numbers are in."""

    def __init__(
        self,
        draft: Draft,
        member: Member,
        segments: Segments,
        *,
        changed: Callable[[], None],
        counted: Callable[[], None],
    ) -> None:
        self._draft = draft
        self._member = member
        self._changed = changed
        self._counted = counted
        self._task: asyncio.Task[None] | None = None
        draft.segment_ids = [key for key in draft.segment_ids if key in segments.known]
        draft.exclude_segment_ids = [key for key in draft.exclude_segment_ids if key in segments.known]
        with card("Who gets it") as actions:
            with actions:
                button("New segment", icon="plus", small=True, kind="ghost", href="/segments/new").props(
                    "target=_blank"
                )
            with box("stack gap-4"):
                self.include = segment_picker(
                    "Send to", segments, draft.segment_ids, lambda value: self._chose("segment_ids", value)
                )
                self.exclude = segment_picker(
                    "But not to",
                    segments,
                    draft.exclude_segment_ids,
                    lambda value: self._chose("exclude_segment_ids", value),
                    optional=True,
                )
                self._numbers()
        self._hints()

    def _numbers(self) -> None:
        with box("reach") as self._reach:
            with box("line gap-2 items-baseline flex-wrap"):
                self._count = text("–", "t20 num", tag="span").mark("reachable")
                self._of = text("", "muted num", tag="span")
            self._bar = progress([], label="Who can be reached", size="thin")
            self._skipped = box("skipped")
        self._reach.set_visibility(False)

    def _chose(self, what: str, value: list[str]) -> None:
        setattr(self._draft, what, value)
        self._hints()
        self._changed()
        self.count()

    def _hints(self) -> None:
        """Words in an empty field; beside chips they would only be in the way."""
        for control, chosen, words in (
            (self.include, self._draft.segment_ids, "Choose segments"),
            (self.exclude, self._draft.exclude_segment_ids, "Nobody"),
        ):
            control.props["placeholder"] = "" if chosen else words

    def count(self) -> None:
        """Count again, after a breath; a count that was overtaken is dropped."""
        if self._task is not None:
            self._task.cancel()
        self._task = background_tasks.create(self._count_now(), name="campaign estimate")

    def close(self) -> None:
        """The page is gone."""
        if self._task is not None:
            self._task.cancel()

    async def _count_now(self) -> None:
        draft = self._draft
        self._reach.set_visibility(bool(draft.segment_ids))
        if not draft.segment_ids:
            draft.estimate = None
            self._counted()
            return
        await asyncio.sleep(PAUSE_SECONDS)
        try:
            draft.estimate = await estimate(self._member, draft.segment_ids, draft.exclude_segment_ids, draft.channel)
        except CohortError as problem:
            self._fail(problem.detail)
        except Exception as problem:
            self._fail(explain(problem))
        else:
            self._show()
        self._counted()

    def _fail(self, detail: str) -> None:
        self._draft.estimate = None
        self._count.text, self._of.text = "–", detail
        self._bar.set([])
        self._skipped.clear()

    def _show(self) -> None:
        found, locale = self._draft.estimate, self._member.locale
        assert found is not None
        self._count.text = number(found.reachable, locale)
        people = plural(found.audience, "person", "people", locale)
        self._of.text = f"of {people} can be reached" if found.audience else "people: nobody is in these segments now"
        whole = found.audience or 1
        self._bar.set([Part(share=found.reachable / whole, label="reachable")])
        self._skipped.clear()
        with self._skipped:
            for reason, count in sorted(found.skipped.items(), key=lambda item: -item[1]):
                with box("line gap-2"):
                    text(reason, "muted t12", tag="span")
                    text(number(count, locale), "num medium t12", tag="span")
