"""Who the rule selects, asked again shortly after the last change. A new change ends what was being counted.

First comes a glimpse (an estimate with its margin, some of the people, the sentence), then the exact count, then what
each condition selects alone and whom it alone keeps out. An answer that was overtaken is never shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from nicegui import background_tasks

from app.errors import CohortError, RuleError
from app.segments.catalogue import FieldType
from app.segments.preview import preview
from app.segments.preview.at_a_glance import Glimpse, glimpse
from app.segments.preview.costs import condition_counts
from app.segments.preview.nearly import NearMiss, near_misses
from models import Customer, Member, Segment
from pages.components import explain
from pages.segment_editor.state import EditorState
from pages.segment_editor.tree import ConditionNode

PAUSE_SECONDS = 0.04
"""Short, because the fields themselves wait for a pause in the typing before they tell."""

SHOWN = 5
MEASURED = (FieldType.NUMBER, FieldType.MONEY, FieldType.DATE)
UNFINISHED = "Some conditions are not filled in yet, so these are still the people from before."
REFUSED = "A condition cannot be used as it is, so these are still the people from before."


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The size of the audience among `total` customers, with `margin` either way unless `exact`, and some of them."""

    count: int
    margin: int = 0
    exact: bool = True
    total: int
    sample: Sequence[Customer]
    sentence: str
    took_ms: int


@dataclass(frozen=True, kw_only=True)
class Miss:
    """A near miss of the node it belongs to; `by_distance` if the nearest come first, which texts cannot."""

    node: int
    found: NearMiss
    by_distance: bool


class Board(Protocol):
    """Where answers are shown."""

    def counting(self) -> None:
        """An answer is on its way."""

    def people(self, figures: Figures) -> None:
        """Who it is."""

    def stands(self, note: str, *, failed: bool) -> None:
        """There is no new answer, for this reason; the last one still stands."""

    def alone(self, counts: Mapping[int, int]) -> None:
        """How many each condition selects alone, by its node."""

    def misses(self, misses: Sequence[Miss]) -> None:
        """Whom one condition alone keeps out, most first."""


class LiveCount:
    """Asks for one builder and tells its board."""

    def __init__(self, state: EditorState, member: Member, board: Board, *, saved: Segment | None = None) -> None:
        """`saved`: count this segment as a whole, whatever the member may ask of one's own accord."""
        self._state = state
        self._saved = saved
        self._member = member
        self._board = board
        self._task: asyncio.Task[None] | None = None
        self.closed = False

    def soon(self, *, pause: float = PAUSE_SECONDS) -> None:
        """Ask after a pause in the changes; whatever was being counted before is given up."""
        self.cancel()
        if not self.closed:
            self._task = background_tasks.create(self._ask_after(pause), name="segment preview")

    def cancel(self) -> None:
        """Give up what is being counted, here and in the database."""
        if self._task is not None and not self._task.done():
            self._task.cancel()

    def close(self) -> None:
        """The page is gone: ask nothing any more."""
        self.closed = True
        self.cancel()

    async def _ask_after(self, pause: float) -> None:
        await asyncio.sleep(pause)
        self._state.problems = self._state.unfinished()
        if self._state.problems:
            self._board.stands(UNFINISHED, failed=False)
            return
        self._board.counting()
        rule = self._saved or self._state.rule()
        try:
            await self._people(rule)
            if self._state.root.children:
                await self._conditions(rule)
            else:
                self._board.misses(())
        except RuleError as problem:
            self._state.mark(problem.errors)
            self._board.stands(REFUSED, failed=False)
        except CohortError as problem:
            self._board.stands(problem.detail, failed=True)
        except Exception as problem:
            self._board.stands(explain(problem), failed=True)

    async def _people(self, rule: dict[str, Any] | Segment) -> None:
        """The glimpse, unless the exact answer is there first; then the exact answer."""
        first = asyncio.ensure_future(glimpse(self._member, rule, sample=SHOWN))
        exact = asyncio.ensure_future(preview(self._member, rule, sample=SHOWN))
        seen: Sequence[Customer] = ()
        try:
            done, _ = await asyncio.wait((first, exact), return_when=asyncio.FIRST_COMPLETED)
            if exact not in done and first.exception() is None:
                seen = first.result().sample
                self._board.people(_estimated(first.result()))
                if first.result().exact:
                    return
            found = await exact
            self._board.people(
                Figures(
                    count=found.count,
                    total=found.total,
                    sample=seen or found.sample,
                    sentence=found.sentence,
                    took_ms=found.took_ms,
                )
            )
        finally:
            exact.cancel()
            if not first.cancel() and not first.cancelled():
                first.exception()  # seen, so that nobody warns of it: the exact count says what is wrong

    async def _conditions(self, rule: dict[str, Any] | Segment) -> None:
        nodes = {path: node.uid for path, node in self._state.paths().items()}
        counts = await condition_counts(self._member, rule)
        self._board.alone({nodes[path]: count for path, count in counts.items() if path in nodes})
        found = await near_misses(self._member, rule, most=1)
        misses = [
            Miss(node=nodes[miss.path], found=miss, by_distance=self._by_distance(nodes[miss.path]))
            for miss in found
            if miss.path in nodes and miss.count
        ]
        self._board.misses(sorted(misses, key=lambda miss: -miss.found.count))

    def _by_distance(self, uid: int) -> bool:
        node = self._state.find(uid)
        if not isinstance(node, ConditionNode):
            return False
        found = self._state.field_of(node)
        return node.field == "orders" if found is None else found.type in MEASURED


def _estimated(found: Glimpse) -> Figures:
    return Figures(
        count=found.estimate,
        margin=found.margin,
        exact=found.exact,
        total=found.total,
        sample=found.sample,
        sentence=found.sentence,
        took_ms=found.took_ms,
    )
