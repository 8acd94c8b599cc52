"""Who stands in the audit log for somebody who is not known to be a member."""

from __future__ import annotations

from models.member import Member, Role


def somebody() -> Member:
    """Never saved, id None, may do nothing."""
    return Member(email="somebody@localhost", name="Somebody", role=Role.VIEWER, active=False)
