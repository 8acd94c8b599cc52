"""The end of sessions, told at once to every web process that has pages of the member open."""

from __future__ import annotations

from beanie import PydanticObjectId

from app.campaigns.record.signals import SESSIONS, publish
from app.database import Raw, collection
from models.session import EndReason
from models.values import now

LIVE: Raw = {"revoked_at": None}


async def goes_on(session_id: PydanticObjectId) -> bool:
    """Whether this session has not been ended and has not run out."""
    live = {"_id": session_id, **LIVE, "expires_at": {"$gt": now()}}
    return await collection("sessions").find_one(live, {"_id": 1}) is not None


async def revoke(conditions: Raw, why: EndReason) -> list[PydanticObjectId]:
    """End those sessions that these conditions select and that are not over yet; answers which."""
    sessions = collection("sessions")
    found = await sessions.find({**conditions, **LIVE}, {"member_id": 1}).to_list()
    moment = now()
    ended = [
        row
        for row in found
        if (
            await sessions.update_one(
                {"_id": row["_id"], **LIVE},
                {"$set": {"revoked_at": moment, "revoked_why": why}, "$min": {"expires_at": moment}},
            )
        ).modified_count
    ]
    for member_id in {row["member_id"] for row in ended}:
        await publish(SESSIONS, str(member_id))
    return [row["_id"] for row in ended]


async def token_version_moved(member_id: PydanticObjectId) -> None:
    """To be called after a member's `token_version` went up, which has ended every session already: says so."""
    member = await collection("members").find_one({"_id": member_id}, {"token_version": 1})
    await revoke({"member_id": member_id, "version": {"$ne": (member or {}).get("token_version")}}, "everywhere")
    await publish(SESSIONS, str(member_id))
