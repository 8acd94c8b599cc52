"""Everything on a page that can be pressed, typed into or opened, done once: what a curious person would try."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from nicegui import background_tasks, events, ui
from nicegui.testing import User

from pages.components.table import DataTable

ROUNDS = 4
"""What the first press opens is pressed in the next: a sheet, in it a button, then the question whether to really."""

QUIET_SECONDS = 0.5
"""How long one press may work on before the next; what takes longer is a question that is asked of the person."""


async def press_everything(user: User) -> int:
    """Fill in and press whatever listens, also what appears by that; answers how many things were pressed."""
    done: set[tuple[int, str]] = set()
    known = set(background_tasks.running_tasks)
    for _ in range(ROUNDS):
        before = len(done)
        for field in _fields(user):
            if (field.id, "fill") not in done:
                done.add((field.id, "fill"))
                with user.client:  # type: ignore[union-attr]  # a page is open
                    field.value = _typed(field)
        await _settle(known)
        for element, event, args in list(_events(user)):
            key = (element.id, f"{event}{args}")
            if key in done or element.is_deleted or not _shown(element):
                continue
            done.add(key)
            _trigger(user, element, event, args)
            await _settle(known)
        if len(done) == before:
            break
    return len(done)


def _events(user: User) -> Iterator[tuple[ui.element, str, Any]]:
    assert user.client is not None
    for element in list(user.client.elements.values()):
        if isinstance(element, DataTable):
            for row in [row for row in element.rows if not row.get("wait")][:3]:
                yield element._table, "open", row["key"]
                for name in _actions(row):
                    yield element._table, "act", [name, row["key"]]
        elif any(listener.type == "click" for listener in element._event_listeners.values()):
            yield element, "click", {}


def _actions(row: dict[str, Any]) -> list[str]:
    cell = row["c"].get("acts") or {}
    return [str(one["n"]) for one in cell.get("l", ())]


def _fields(user: User) -> list[Any]:
    assert user.client is not None
    kinds = (ui.input, ui.textarea, ui.number, ui.switch)
    return [one for one in user.client.elements.values() if isinstance(one, kinds) and _shown(one)]


def _typed(field: Any) -> Any:
    if isinstance(field, ui.switch):
        return not field.value
    return 7 if isinstance(field, ui.number) else f"{field.value or ''}x"


def _shown(element: ui.element) -> bool:
    return not element.props.get("disabled") and all(one.visible for one in (element, *element.ancestors()))


def _trigger(user: User, element: ui.element, event: str, args: Any) -> None:
    assert user.client is not None
    with user.client:
        for listener in list(element._event_listeners.values()):
            if listener.type == event and not element.is_deleted:
                given = events.GenericEventArguments(sender=element, client=user.client, args=args)
                events.handle_event(listener.handler, given)


async def _settle(known: set[Any]) -> None:
    """Wait for what the last press began; a question that is asked of the person stays open."""
    begun = {task for task in background_tasks.running_tasks if task not in known}
    if begun:
        await asyncio.wait(begun, timeout=QUIET_SECONDS)
        known |= begun  # what is still open asks the person, or goes on for as long as the page does
    await asyncio.sleep(0)
