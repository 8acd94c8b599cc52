"""What an owner changes about members: their role, and whether they may sign in."""

from __future__ import annotations

from beanie import PydanticObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from app.audit import note
from app.auth.authorize import authorize
from app.auth.endings import token_version_moved
from app.auth.members import member_email
from app.auth.permissions import require
from app.database import Raw, collection, in_transaction
from app.errors import Conflict, NotFound
from models.member import Member, Role


async def list_members(member: Member) -> list[Member]:
    """All members, the oldest first."""
    require(member, "members.manage")
    return await Member.find_all(sort="created_at").to_list()


async def member_by_email(member: Member, email: str) -> Member:
    """The member with this address. Raises NotFound, or InvalidInput for what is no address."""
    require(member, "members.manage")
    found = await Member.find_one({"email": member_email(email)})
    if found is None:
        raise NotFound(f"No member has the address {email}.")
    return found


async def change_role(member: Member, member_id: PydanticObjectId, role: Role) -> None:
    """Give a member another role; every session of that member ends. Raises Conflict for the last owner."""
    await authorize(member, "members.manage")
    before = await _change(member_id, {"role": role.value})
    await note(
        member, "member.role", id=member_id, name=before["email"], before={"role": before["role"]}, after={"role": role}
    )


async def set_active(member: Member, member_id: PydanticObjectId, active: bool) -> None:
    """Let a member sign in, or no longer; every session of that member ends. Raises Conflict for the last owner."""
    await authorize(member, "members.manage")
    before = await _change(member_id, {"active": active})
    was = {"active": before.get("active", True)}
    await note(member, "member.active", id=member_id, name=before["email"], before=was, after={"active": active})


async def _change(member_id: PydanticObjectId, changes: Raw) -> Raw:
    """Write it and answer what the member was before."""

    async def work(session: AsyncClientSession) -> Raw:
        # One document that every such change writes: of two owners who demote each other at once, one has to retry.
        await collection("marks").update_one({"_id": "owners"}, {"$inc": {"changes": 1}}, upsert=True, session=session)
        members = collection("members")
        before: Raw | None = await members.find_one_and_update(
            {"_id": member_id}, {"$set": changes, "$inc": {"token_version": 1}}, session=session
        )
        if before is None:
            raise NotFound("This member does not exist.")
        if not await members.find_one({"role": Role.OWNER.value, "active": True}, session=session):
            raise Conflict("This is the last owner; make somebody else an owner first.")
        return before

    before = await in_transaction(work)
    await token_version_moved(member_id)
    return before
