"""The one data table: server-side pages and sorting, sticky header, skeleton rows, empty state, cards on a phone.

A row is plain data and one template draws it in the browser: 50 rows of 8 columns are one element and some 20 KB here,
where an element per cell would be more than a thousand elements and 1.5 MB.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from nicegui import ui

from pages.components.button import icon_button
from pages.components.cells import Cell
from pages.components.figures import number
from pages.components.loading import error_state
from pages.components.problem import explain
from pages.components.table_markup import BODY, HEADER
from pages.components.text import box, text

MOST_ROWS = 50
Spot = Literal["title", "end", "sub", "subend", "wide", "hide"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column. `sort` is the key the loader gets when its header is clicked; without it the column cannot be sorted.

    `spot` is its place on a phone's card: title and end share the first line, sub and subend the second, `wide` has a
    line of its own, `hide` is left out. `wide_only` hides it on windows under 1,100 px. `width` is CSS.
    """

    name: str
    label: str
    sort: str | None = None
    right: bool = False
    spot: Spot = "hide"
    width: str | None = None
    wide_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row: a key, cells by column name (see `pages.components.cells`), where it leads, and how it is called aloud."""

    key: str
    cells: dict[str, Cell]
    href: str | None = None
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What the loader is asked for: `offset` and `limit`, or the opaque `cursor` of the page; `sort` as "-name"."""

    limit: int
    offset: int = 0
    cursor: str | None = None
    sort: str | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """What the loader answers. `total` when it is known; `next_cursor` when the service pages by cursor."""

    rows: list[Row]
    total: int | None = None
    next_cursor: str | None = None


@dataclass
class _Position:
    offset: int = 0
    cursors: list[str | None] = field(default_factory=lambda: [None])
    next_cursor: str | None = None


class DataTable(ui.element):
    """Await `reload()` once the client is connected and whenever a filter changed; `refresh()` keeps the page."""

    def __init__(
        self,
        columns: Sequence[Column],
        load: Callable[[Ask], Awaitable[Page]],
        *,
        empty: Callable[[], Any],
        sort: str | None = None,
        per_page: int = 25,
        locale: str = "en_US",
        label: str = "List",
        slim: bool = False,
        on_open: Callable[[str], Any] | None = None,
        on_action: Callable[[str, str], Any] | None = None,
    ) -> None:
        super().__init__("div")
        self.classes("dt" + (" slim" if slim else ""))
        self._load = load
        self._empty = empty
        self._locale = locale
        self._limit = min(per_page, MOST_ROWS)
        self._sortable = {column.sort for column in columns if column.sort}
        self.sort = sort
        self._at = _Position()
        self._asked = 0
        with self:
            self._table = ui.table(
                rows=[{"key": f"s{n}", "wait": True} for n in range(8)],
                columns=[_column(column, sort) for column in columns],
                row_key="key",
                pagination={"rowsPerPage": 0},
            )
            self._table.props("flat hide-bottom hide-pagination hide-no-data")
            self._table.props["aria-label"] = label
            self._table.add_slot("header", HEADER)
            self._table.add_slot("body", BODY)
            self._table.on("sort", self._sorted)
            if on_open is not None:
                self._table.on("open", lambda event: on_open(str(event.args)))
            if on_action is not None:
                self._table.on("act", lambda event: on_action(str(event.args[0]), str(event.args[1])))
            self._note = box()
            self._note.set_visibility(False)
            self._pager()
        self._opens = on_open is not None

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows on screen, as they were given to the browser."""
        return list(self._table.rows)

    async def reload(self) -> None:
        """Show the first page."""
        self._at = _Position()
        await self.refresh()

    async def refresh(self) -> None:
        """Load the page that is shown again. Of several that run at once only the last asked for is shown."""
        self._asked += 1
        mine = self._asked
        ask = Ask(limit=self._limit, offset=self._at.offset, cursor=self._at.cursors[-1], sort=self.sort)
        try:
            page = await self._load(ask)
        except Exception as problem:
            words = explain(problem)
            if mine == self._asked and not self.is_deleted:
                self._say(lambda: error_state(words, self.refresh))
            return
        if mine != self._asked or self.is_deleted:
            return
        self._show(page)

    def _show(self, page: Page) -> None:
        if not page.rows and self._at.offset == 0 and len(self._at.cursors) == 1:
            self._say(self._empty)
            return
        self._note.set_visibility(False)
        self._table.set_visibility(True)
        self._table.rows = [
            {"key": row.key, "c": row.cells, "href": row.href, "label": row.label, "opens": self._opens}
            for row in page.rows[:MOST_ROWS]
        ]
        self._at.next_cursor = page.next_cursor
        first, last = self._at.offset + 1, self._at.offset + len(page.rows)
        more = last < page.total if page.total is not None else page.next_cursor is not None
        span = f"{number(first, self._locale)}–{number(last, self._locale)}"
        self._count.text = span if page.total is None else f"{span} of {number(page.total, self._locale)}"
        self._back.set_enabled(self._at.offset > 0)
        self._on.set_enabled(more)
        self._foot.set_visibility(more or self._at.offset > 0 or (page.total or 0) > 0)

    def _say(self, what: Callable[[], Any]) -> None:
        self._table.rows = []
        self._table.set_visibility(False)
        self._foot.set_visibility(False)
        self._note.clear()
        self._note.set_visibility(True)
        with self._note:
            what()

    def _pager(self) -> None:
        with box("pager") as self._foot:
            self._count = text("", "num", tag="span")
            with box("line gap-1"):
                self._back = icon_button("chevron-left", "Previous page", on_click=self._previous, small=True)
                self._on = icon_button("chevron-right", "Next page", on_click=self._next, small=True)
        self._foot.set_visibility(False)

    async def _next(self) -> None:
        self._at.offset += self._limit
        self._at.cursors.append(self._at.next_cursor)
        await self.refresh()

    async def _previous(self) -> None:
        self._at.offset = max(0, self._at.offset - self._limit)
        if len(self._at.cursors) > 1:
            self._at.cursors.pop()
        await self.refresh()

    async def _sorted(self, event: Any) -> None:
        wanted = str(event.args)
        if wanted not in self._sortable:
            return
        self.sort = wanted if self.sort == f"-{wanted}" else f"-{wanted}"
        self._table.columns = [
            {**column, "direction": _direction(column["key"], self.sort)} for column in self._table.columns
        ]
        await self.reload()


def _direction(key: str | None, sort: str | None) -> str:
    if not key or not sort or sort.lstrip("-") != key:
        return ""
    return "descending" if sort.startswith("-") else "ascending"


def _column(column: Column, sort: str | None) -> dict[str, Any]:
    css = f"at-{column.spot}" + (" r" if column.right else "") + (" wide-col" if column.wide_only else "")
    return {
        "name": column.name,
        "label": column.label,
        "field": column.name,
        "key": column.sort,
        "direction": _direction(column.sort, sort),
        "css": css,
        "wide": f"width:{column.width}" if column.width else "",
        "align": "right" if column.right else "left",
    }
