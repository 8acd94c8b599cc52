"""A person in two lines."""

from __future__ import annotations

from nicegui import ui

from pages.components.text import text


def initials(name: str, email: str | None = None) -> str:
    """Up to two letters for the avatar."""
    words = [word for word in name.split() if word[:1].isalnum()]
    if words:
        return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()
    return (email or "?")[:1].upper()


def avatar(name: str, email: str | None = None, *, large: bool = False) -> ui.element:
    """The initials in a circle."""
    return text(initials(name, email), "avatar large" if large else "avatar", tag="span").props("aria-hidden=true")


def person(name: str, email: str | None = None, *, href: str | None = None) -> ui.element:
    """Initials, name and email; a link when `href` is given. Without a name the email stands in for it."""
    with ui.element("a" if href else "div").classes("person") as element:
        if href:
            element.props["href"] = href
        avatar(name, email)
        with ui.element("div"):
            text(name or email or "No name", "n", tag="span")
            if name and email:
                text(email, "s", tag="span")
    return element
