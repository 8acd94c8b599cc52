"""From somebody whom a provider vouches for to a member."""

from __future__ import annotations

from pymongo.errors import DuplicateKeyError

from app.audit import note
from app.auth.providers import Identity, NotVouched
from app.database import collection
from models.member import Member
from models.values import fold


async def member_of_identity(identity: Identity) -> Member:
    """The member who signed in this way before, else the one with this verified address, who is linked from now on.

    The provider's subject decides, never the address, once they are linked: an address can be given to somebody else.
    Raises NotVouched when there is no such member, or the address is not verified.
    """
    linked = await Member.find_one({"identities": {"$elemMatch": _key(identity)}})
    if linked is not None:
        return _active(linked)
    if not identity.email:
        raise NotVouched("The provider did not tell an email address.", "unverified")
    if not identity.verified:
        raise NotVouched("The provider has not verified this email address.", "unverified")
    return _active(await _link(identity))


async def _link(identity: Identity) -> Member:
    """One identity of each issuer for a member: whoever gets the address later is not the person it was linked to."""
    members = collection("members")
    mine = {"email": fold(identity.email), "active": True, "identities.issuer": {"$ne": identity.issuer}}
    try:
        changed = await members.update_one(mine, {"$push": {"identities": _key(identity)}})
    except DuplicateKeyError:
        changed = None
    linked = await Member.find_one({"identities": {"$elemMatch": _key(identity)}})
    if linked is None:
        raise NotVouched("Nobody here has this address.", "nobody")
    if changed is not None and changed.modified_count:
        await note(linked, "member.link", id=linked.id, name=linked.email, after={"issuer": identity.issuer})
    return linked


def _active(member: Member) -> Member:
    if not member.active:
        raise NotVouched("This member may not sign in any more.", "nobody")
    return member


def _key(identity: Identity) -> dict[str, str]:
    return {"issuer": identity.issuer, "subject": identity.subject}
