"""Finding controls by the name that a screen reader gives them, and buttons by what they say."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction


def control(user: User, label: str) -> Any:
    """The latest control on the page with this accessible name."""
    assert user.client is not None
    found = [e for e in user.client.elements.values() if e.props.get("aria-label") == label and e.visible]
    assert found, f"there is no control called {label!r}"
    return found[-1]


def controls(user: User, label: str) -> list[ui.element]:
    """Every control on the page with this accessible name."""
    assert user.client is not None
    return [e for e in user.client.elements.values() if e.props.get("aria-label") == label]


def words(user: User, marker: str) -> str:
    """The text of the one element with this marker; nothing while it is out of sight."""
    assert user.client is not None
    (element,) = [e for e in user.client.elements.values() if marker in e._markers]
    assert isinstance(element, TextElement)
    return element.text if all(e.visible for e in (element, *element.ancestors())) else ""


def press(user: User, element: ui.element) -> None:
    """Click this element, or what around it listens to clicks."""
    while not any(listener.type == "click" for listener in element._event_listeners.values()):
        assert element.parent_slot is not None
        element = element.parent_slot.parent
    UserInteraction(user, {element}, None).click()


def press_words(user: User, content: str) -> None:
    """Click what says exactly this; the latest, if several do."""
    assert user.client is not None
    said = [e for e in user.client.elements.values() if isinstance(e, TextElement) and e.text == content and e.visible]
    assert said, f"nothing says {content!r}"
    press(user, said[-1])


def sees(user: User, content: str) -> bool:
    """Whether this text is on the page now."""
    try:
        return bool(user.find(content=content).elements)
    except AssertionError:
        return False
