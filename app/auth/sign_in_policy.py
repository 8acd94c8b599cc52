"""Who needs a second step in this workspace: one setting, decided by owners, enforced when somebody signs in."""

from __future__ import annotations

from app.audit import note
from app.auth.authorize import authorize
from app.auth.endings import token_version_moved
from app.auth.permissions import MANAGERS
from app.database import Raw, collection
from app.errors import Conflict
from models.member import Member, Role
from models.sign_in_policy import SignInPolicy, WhoNeedsSecondStep
from models.values import now

ROLES: dict[WhoNeedsSecondStep, frozenset[Role]] = {
    WhoNeedsSecondStep.NOBODY: frozenset(),
    WhoNeedsSecondStep.MANAGERS: MANAGERS,
    WhoNeedsSecondStep.EVERYONE: frozenset(Role),
}


async def sign_in_policy() -> SignInPolicy:
    """The policy as it is now."""
    return await SignInPolicy.find_one() or SignInPolicy()


async def needs_second_step(member: Member) -> bool:
    """Whether the policy asks this member, by the role they have, for a second step."""
    return member.role in ROLES[(await sign_in_policy()).second_step]


async def require_second_step(member: Member, who: WhoNeedsSecondStep) -> int:
    """Let the policy ask these for a second step; for owners. Answers how many members were signed out by it.

    Whoever is asked from now on and has none is signed out, and sets it up at the next sign-in. Raises Conflict while
    the owner who decides this has none.
    """
    await authorize(member, "members.manage")
    if member.role in ROLES[who] and member.id is not None:
        fresh = await Member.get(member.id)
        if fresh is None or fresh.totp_secret is None:
            raise Conflict("Set up a second step for yourself first; this would sign you out otherwise.")
    before = (await sign_in_policy()).second_step
    if who is before:
        return 0
    changes = {"second_step": who.value, "changed_at": now()}
    await collection("sign_in_policy").update_one({"_id": "policy"}, {"$set": changes}, upsert=True)
    await note(member, "sign-in.policy", before={"second_step": before}, after={"second_step": who})
    return await _sign_out_who_lacks_it(ROLES[who])


async def _sign_out_who_lacks_it(roles: frozenset[Role]) -> int:
    lacking: Raw = {"role": {"$in": [role.value for role in roles]}, "totp_secret": None, "active": True}
    signed_out = 0
    for row in await collection("members").find(lacking, {"_id": 1}).to_list():
        await collection("members").update_one({"_id": row["_id"]}, {"$inc": {"token_version": 1}})
        await token_version_moved(row["_id"])
        signed_out += 1
    return signed_out
