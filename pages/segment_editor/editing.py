"""What every part of the builder needs to know: the state, who edits, and whom to tell of changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from babel.numbers import get_currency_symbol
from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from models import Member
from pages.segment_editor.state import EditorState, Problem


@dataclass(kw_only=True, eq=False)
class Editing:
    """`changed` is called after every change of a value, `restructured` when conditions came, went or became others."""

    state: EditorState
    member: Member
    changed: Callable[[], None]
    restructured: Callable[[], None]
    strict: bool = False
    rows: dict[int, tuple[ui.element, TextElement]] = field(default_factory=dict)

    @property
    def locale(self) -> str:
        """How the member writes numbers and dates."""
        return self.member.locale

    @property
    def currency_sign(self) -> str:
        """The sign of the shop's currency, as the member's locale writes it."""
        return str(get_currency_symbol(self.state.catalogue.currency, locale=self.locale))

    def watch(self, uid: int, row: ui.element, note: TextElement) -> None:
        """Show a node's problems in this line, and mark this row."""
        self.rows[uid] = (row, note)
        note.set_visibility(False)

    def show_problems(self) -> None:
        """Bring the marks on screen in line with the state. `strict` shows unfinished conditions as errors too."""
        for uid, (row, note) in self.rows.items():
            if row.is_deleted:
                continue
            problem = self.state.problems.get(uid)
            wrong = problem is not None and (self.strict or not problem.unfinished)
            row.classes(add="wrong" if wrong else None, remove=None if wrong else "wrong")
            note.set_visibility(problem is not None)
            if problem is not None:
                note.text = _capital(problem)
                note.classes(replace="cond-note wrong" if wrong else "cond-note")


def _capital(problem: Problem) -> str:
    return problem.message[:1].upper() + problem.message[1:]
