"""docs/permissions.md, made from the permission table, the API's routes and the pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby

from app.api.docs import operations
from app.api.routes import action_of, for_members
from app.auth.permissions import ACTIONS
from models.member import Role

HEAD = """# Who may do what

Made by `cohort permissions` from `app/auth/permissions.py`, the one table that services, pages, the API and the tests
read. Every service asks it before it does anything; what changes something reads the member's role from the database at
that moment, so a page that was open while the role changed does nothing any more. Besides its member's role an API key
needs the action among its scopes.
"""


def permissions_page(pages: Mapping[str, str | None]) -> str:
    """The document. `pages` maps the path of every page for members to the action that it needs, None for none."""
    routes = [(f"{method} {path}", action_of(route)) for method, path, route in operations() if for_members(route)]
    open_routes = [f"`{method} {path}`" for method, path, route in operations() if not for_members(route)]
    parts = [HEAD, _roles(), "## Where each is needed\n"]
    for action in ACTIONS:
        parts.append(f"### `{action.name}`\n\n{action.words}.\n")
        parts.append(_listed("Pages", (path for path, needed in sorted(pages.items()) if needed == action.name)))
        parts.append(_listed("API", (route for route, needed in routes if needed == action.name)))
    parts.append("### Every member\n")
    parts.append(_listed("Pages", (path for path, needed in sorted(pages.items()) if needed is None)))
    parts.append(_listed("API", (route for route, needed in routes if needed is None)))
    parts.append(f"### Without signing in\n\nAPI: {', '.join(open_routes)}\n")
    return "\n".join(part for part in parts if part).rstrip("\n") + "\n"


def _roles() -> str:
    lines = ["## The table", ""]
    for group, actions in groupby(ACTIONS, key=lambda action: action.group):
        lines += [f"| {group} | action | {' | '.join(Role)} |", f"|---|---|{'---|' * len(Role)}"]
        for action in actions:
            may = " | ".join("yes" if role in action.roles else "" for role in Role)
            person = ", by a person alone: no API key can be given this" if action.by_person else ""
            lines.append(f"| {action.words}{person} | `{action.name}` | {may} |")
        lines.append("")
    return "\n".join(lines)


def _listed(title: str, names: Iterable[str]) -> str:
    found = ", ".join(f"`{name}`" for name in names)
    return f"{title}: {found}\n" if found else ""
