"""What every part of the builder needs to know: the state, who edits, and whom to tell of changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field

from babel.numbers import get_currency_symbol
from nicegui import Client, ui
from nicegui.elements.mixins.text_element import TextElement

from models import Member
from pages.components import number
from pages.segment_editor.state import EditorState, Problem

ALONE = "People who fit this condition, whatever the others say"


@dataclass(frozen=True)
class Row:
    """What is on screen of a node: its surface, the line for its problems, and for a condition its own count."""

    surface: ui.element
    note: TextElement
    count: TextElement | None = None


@dataclass(kw_only=True, eq=False)
class Editing:
    """`changed(key)` is called after every change of a value, where changes with one key that come fast are one step
    of undo; `restructured()` when conditions came, went, moved or became others."""

    state: EditorState
    member: Member
    changed: Callable[[Hashable], None]
    restructured: Callable[[], None]
    client: Client = field(default_factory=lambda: ui.context.client)
    strict: bool = False
    rows: dict[int, Row] = field(default_factory=dict)

    @property
    def locale(self) -> str:
        """How the member writes numbers and dates."""
        return self.member.locale

    @property
    def currency_sign(self) -> str:
        """The sign of the shop's currency, as the member's locale writes it."""
        return str(get_currency_symbol(self.state.catalogue.currency, locale=self.locale))

    def focus(self, uid: int, part: str = "", *, lost: bool = False) -> None:
        """Put the focus on a node, on the part of it with this class; with `lost` only if nothing has it."""
        self.client.run_javascript(f"window.cohortFocus?.({uid},'{part}',{'true' if lost else 'false'})")

    def watch(self, uid: int, row: Row) -> None:
        """Show a node's problems and count in this row."""
        self.rows[uid] = row
        row.note.set_visibility(False)

    def show_problems(self) -> None:
        """Bring the marks on screen in line with the state. `strict` shows unfinished conditions as errors too."""
        for uid, row in list(self.rows.items()):
            if row.surface.is_deleted:
                del self.rows[uid]
                continue
            problem = self.state.problems.get(uid)
            wrong = problem is not None and (self.strict or not problem.unfinished)
            if wrong != ("wrong" in row.surface.classes):
                row.surface.classes(add="wrong" if wrong else None, remove=None if wrong else "wrong")
            row.note.set_visibility(problem is not None)
            if problem is not None:
                row.note.text = _capital(problem)
                row.note.classes(replace="cond-note wrong" if wrong else "cond-note")

    def show_counts(self, counts: Mapping[int, int]) -> None:
        """How many people each condition selects alone, by its node."""
        for uid, row in self._counted():
            found = counts.get(uid)
            row.text = "" if found is None else number(found, self.locale)
            row.classes(replace="cond-count num")
            row.props["title"] = "" if found is None else ALONE

    def show_costliest(self, uid: int, kept_out: int) -> None:
        """Mark the condition that keeps out most people who meet all others."""
        row = self.rows.get(uid)
        if row is not None and row.count is not None and not row.count.is_deleted:
            row.count.classes("most")
            row.count.props["title"] = (
                f"Costs the audience most: without it {number(kept_out, self.locale)} more people would be in. {ALONE}."
            )

    def stale_counts(self) -> None:
        """The rule changed: the counts beside the conditions wait for new ones."""
        for _, count in self._counted():
            if count.text:
                count.classes("stale")

    def _counted(self) -> Iterator[tuple[int, TextElement]]:
        for uid, row in self.rows.items():
            if row.count is not None and not row.count.is_deleted:
                yield uid, row.count


def _capital(problem: Problem) -> str:
    return problem.message[:1].upper() + problem.message[1:]
