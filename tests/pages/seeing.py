"""What page tests wait for: a condition, with a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction

from pages.components.button import Button
from pages.components.table import DataTable

DEADLINE_SECONDS = 5


async def until(condition: Callable[[], Any], what: str = "the condition") -> Any:
    """Wait until it is true and answer what it gave. Fails after five seconds."""
    deadline = asyncio.get_running_loop().time() + DEADLINE_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        if found := condition():
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(f"{what} did not come true")


def tables(user: User) -> list[DataTable]:
    """The data tables of the open page, in order."""
    assert user.client is not None
    return [element for element in user.client.elements.values() if isinstance(element, DataTable)]


def table_rows(user: User, number: int = 0) -> list[dict[str, Any]]:
    """The rows that have arrived in a table, without those of its skeleton."""
    return [row for row in tables(user)[number].rows if not row.get("wait")]


def column(user: User, name: str, number: int = 0) -> list[str]:
    """The text of one column, row by row."""
    return [_text(row["c"][name]) for row in table_rows(user, number)]


def click_named(user: User, name: str) -> None:
    """Click the button that shows an icon alone and has this name."""
    assert user.client is not None
    named = [e for e in user.client.elements.values() if isinstance(e, Button) and e.props.get("aria-label") == name]
    UserInteraction(user, {named[0]}, name).click()


def click_last(user: User, words: str) -> None:
    """Click the last button with these words: the one in the sheet or dialog, drawn after the page's own."""
    buttons = [element for element in user.find(words).elements if isinstance(element, Button)]
    UserInteraction(user, {max(buttons, key=lambda button: button.id)}, words).click()


def _text(cell: dict[str, Any]) -> str:
    return str(cell["l"][0]["t"]) if cell["k"] == "chips" else str(cell["t"])
