"""cohort permissions."""

from __future__ import annotations

from app.cli.frame import settings_now


def permissions() -> None:
    """Print which role may do what, and which page and route needs it, as Markdown: the text of docs/permissions.md."""
    from app.main import page_permissions
    from app.permissions_page import permissions_page

    print(permissions_page(page_permissions(settings_now())), end="")
