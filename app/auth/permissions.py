"""Who may do what: one table, from which services, pages, the API and its documents, and the tests are made."""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import PermissionDenied
from models.member import Member, Role

EVERYONE = frozenset(Role)
EDITORS = frozenset({Role.OWNER, Role.MANAGER, Role.MARKETER})
MANAGERS = frozenset({Role.OWNER, Role.MANAGER})
OWNERS = frozenset({Role.OWNER})


@dataclass(frozen=True)
class Action:
    """One thing a role may do: its name, the group it is listed in, what it is in words, and who may.

    `by_person` alone: no API key can be given it, because it counts that somebody looked.
    """

    name: str
    group: str
    words: str
    roles: frozenset[Role]
    by_person: bool = False


ACTIONS = (
    Action("customers.read", "Customers and orders", "See customers, addresses and numbers masked", EVERYONE),
    Action("customers.contact", "Customers and orders", "See and search addresses and phone numbers", EDITORS),
    Action("customers.write", "Customers and orders", "Add and change customers", EDITORS),
    Action("customers.delete", "Customers and orders", "Delete customers and erase personal data", MANAGERS),
    Action("customers.export", "Customers and orders", "Export people and messages as files", EDITORS),
    Action("orders.read", "Customers and orders", "See orders and the shop's figures", EVERYONE),
    Action("orders.write", "Customers and orders", "Add and change orders", EDITORS),
    Action("imports.run", "Customers and orders", "Import customers and orders from files", EDITORS),
    Action("segments.read", "Segments", "See segments, who is in them and why", EVERYONE),
    Action("segments.write", "Segments", "Make, change and delete segments", EDITORS),
    Action("campaigns.read", "Campaigns", "See campaigns and what came of them", EVERYONE),
    Action("campaigns.write", "Campaigns", "Write, change, archive and delete campaigns", EDITORS),
    Action("campaigns.send", "Campaigns", "Send, schedule, pause, resume and cancel campaigns", EDITORS),
    Action("campaigns.approve", "Campaigns", "Approve or decline what another member wants to send", MANAGERS, True),
    Action("deliveries.read", "Campaigns", "See the communication log and the outbox", EVERYONE),
    Action("ai.use", "AI", "Ask the AI for rules, messages and insights", EDITORS),
    Action("ai.log", "AI", "Read what was asked of the AI and what it answered", OWNERS),
    Action("audit.read", "Workspace", "Read and export the audit log", MANAGERS),
    Action("policies.manage", "Workspace", "Decide when sending needs a second person", OWNERS, True),
    Action("members.manage", "Workspace", "Invite members, change roles, deactivate", OWNERS),
)
"""The table. Its order is the order in which it is shown."""

PERMISSIONS: dict[str, frozenset[Role]] = {action.name: action.roles for action in ACTIONS}
"""The same by name."""

BY_PERSON = frozenset(action.name for action in ACTIONS if action.by_person)


def allowed(member: Member, action: str) -> bool:
    """Whether the member's role may do this, and the key, if the request came with one.

    Raises KeyError for an action that is not in the table.
    """
    if member.scopes is not None and (action not in member.scopes or action in BY_PERSON):
        return False
    return member.active and member.role in PERMISSIONS[action]


def require(member: Member, action: str) -> None:
    """Raise PermissionDenied unless `allowed`. Every service calls this first; a hidden button is only a courtesy.

    What changes anything calls `app.auth.authorize.authorize` instead, which reads the member anew.
    """
    if member.scopes is not None and action in BY_PERSON:
        raise PermissionDenied(f"An API key may not do this ({action}); a member who signed in has to.")
    if member.scopes is not None and action not in member.scopes:
        raise PermissionDenied(f"This API key may not do this ({action}); create one with that scope.")
    if not allowed(member, action):
        raise PermissionDenied(f"A {member.role} may not do this ({action}); ask an owner of this workspace.")
