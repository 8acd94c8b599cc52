"""From how many people on a campaign needs a second person."""

from __future__ import annotations

from dataclasses import dataclass

from app.audit import note
from app.auth.authorize import authorize
from app.auth.permissions import require
from app.database import collection
from app.errors import InvalidInput
from app.settings import get_settings
from models.member import Member, Role
from models.policy import ApprovalPolicy

MOST = 1_000_000_000
APPROVERS = (Role.OWNER.value, Role.MANAGER.value)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """`above`: what counts, 0 for no approval. `own` was set by an owner, `floor` by APPROVAL_ABOVE.

    `approvers` is how many active members could approve; with fewer than two, one of them could send nothing large.
    """

    above: int
    own: int
    floor: int
    approvers: int


async def approval_above() -> int:
    """More people than this need a second person; 0: nobody does. One read by key.

    What the environment asks for holds; an owner can only ask for approval earlier.
    """
    found = await collection("policies").find_one({"_id": "approval"}, {"above": 1})
    given = [above for above in (int((found or {}).get("above", 0)), get_settings().approval_above) if above]
    return min(given, default=0)


async def approval_policy(member: Member) -> Policy:
    """The policy with where it comes from."""
    require(member, "campaigns.read")
    found = await ApprovalPolicy.get("approval")
    able = {"active": True, "role": {"$in": APPROVERS}}
    return Policy(
        above=await approval_above(),
        own=found.above if found else 0,
        floor=get_settings().approval_above,
        approvers=await collection("members").count_documents(able),
    )


async def set_approval_above(member: Member, above: int) -> Policy:
    """Ask for approval above so many people, 0 for none.

    Campaigns that are scheduled are looked at again when they begin. Raises InvalidInput for a number that is negative,
    or that would ask later than APPROVAL_ABOVE does.
    """
    await authorize(member, "policies.manage")
    floor = get_settings().approval_above
    if not 0 <= above <= MOST:
        raise InvalidInput.of("above", f"should be a whole number of people, 0 to {MOST:,}")
    if floor and above > floor:
        raise InvalidInput.of("above", f"should be {floor:,} at most, which is APPROVAL_ABOVE; 0 leaves it at that")
    before = await approval_policy(member)
    await collection("policies").update_one({"_id": "approval"}, {"$set": {"above": above}}, upsert=True)
    told = {"above": above}
    await note(member, "policy.approval", id="approval", name="Approval", before={"above": before.own}, after=told)
    return await approval_policy(member)
