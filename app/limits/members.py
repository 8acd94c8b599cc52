"""What a member may do only so often, whether by a page, the API or the command line."""

from __future__ import annotations

from app.limits.buckets import Limit, TooManyRequests, take
from models.member import Member

UPLOADS = Limit(name="uploads", per_minute=120, burst=120)
"""Files looked at or imported: each is read by a process of ours."""

LETTERS = Limit(name="letters", per_minute=10, burst=200)
"""Invitations and links to a password, which send mail to addresses that a member names."""

_WORDS = {
    UPLOADS: "You uploaded {burst} files within a minute or so; please wait a moment.",
    LETTERS: "You sent {burst} invitations and password links in a row; please wait a few minutes.",
}


async def count(limit: Limit, member: Member) -> None:
    """Count one for this member. Raises TooManyRequests. The system itself has no limit."""
    if member.id is None:
        return
    taken = await take([(limit, str(member.id))])
    if not taken.given:
        raise TooManyRequests(_WORDS[limit].format(burst=limit.burst), taken.wait)
