"""Who may do what: one table, read by services, pages and the API."""

from __future__ import annotations

from app.errors import PermissionDenied
from models.member import Member, Role

EVERYONE = frozenset(Role)
EDITORS = frozenset({Role.OWNER, Role.MANAGER, Role.MARKETER})
MANAGERS = frozenset({Role.OWNER, Role.MANAGER})
OWNERS = frozenset({Role.OWNER})

PERMISSIONS: dict[str, frozenset[Role]] = {
    "customers.read": EVERYONE,
    "customers.write": EDITORS,
    "customers.delete": MANAGERS,
    "customers.contact": EDITORS,
    "customers.export": EDITORS,
    "orders.read": EVERYONE,
    "orders.write": EDITORS,
    "segments.read": EVERYONE,
    "segments.write": EDITORS,
    "campaigns.read": EVERYONE,
    "campaigns.write": EDITORS,
    "campaigns.send": EDITORS,
    "deliveries.read": EVERYONE,
    "imports.run": EDITORS,
    "ai.use": EDITORS,
    "ai.log": OWNERS,
    "audit.read": MANAGERS,
    "members.manage": OWNERS,
}


def allowed(member: Member, action: str) -> bool:
    """Whether the member's role may do this, and the key, if the request came with one.

    Raises KeyError for an action that is not in the table.
    """
    if member.scopes is not None and action not in member.scopes:
        return False
    return member.active and member.role in PERMISSIONS[action]


def require(member: Member, action: str) -> None:
    """Raise PermissionDenied unless `allowed`. Every service calls this first; a hidden button is only a courtesy."""
    if member.scopes is not None and action not in member.scopes:
        raise PermissionDenied(f"This API key may not do this ({action}); create one with that scope.")
    if not allowed(member, action):
        raise PermissionDenied(f"A {member.role} may not do this ({action}); ask an owner of this workspace.")
