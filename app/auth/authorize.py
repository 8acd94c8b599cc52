"""The door of everything that changes something: who asks is looked at as the database has them now.

An open page, a stream or a long task holds its member from when it began. Meanwhile the role may have changed, the
session may have been ended, or the member may have been deactivated or signed out everywhere. A read by key of member
and session a change (0.2 ms each) settles that at the moment it counts, wherever the change comes from.
"""

from __future__ import annotations

from app.auth.endings import goes_on
from app.auth.permissions import require
from app.database import collection
from app.errors import NotSignedIn
from models.member import Member, Role

FIELDS = {"role": 1, "active": 1, "token_version": 1}
OVER = "Your session is over: you were signed out or your role changed. Nothing was changed; please sign in again."


async def authorize(member: Member, action: str | None = None) -> Member:
    """The member with the role of this moment, if that may do this; None asks only whether they may still act at all.

    The role that counts is the one in the database. Raises NotSignedIn for a member who is gone, inactive or signed out
    since, and PermissionDenied as `require` does. The command line and the worker act as a member without an id, who
    is looked at as given.
    """
    current = member
    if member.id is not None:
        row = await collection("members").find_one({"_id": member.id}, FIELDS)
        if row is None or not row.get("active", True) or row.get("token_version", 0) != member.token_version:
            raise NotSignedIn(OVER)
        if member.session_id is not None and not await goes_on(member.session_id):
            raise NotSignedIn(OVER)
        if row["role"] != member.role:
            current = member.model_copy(update={"role": Role(row["role"])})
    if action is not None:
        require(current, action)
    return current
