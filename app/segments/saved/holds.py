"""What keeps a segment from going away: campaigns that are not over and other segments that refer to it.

Checking and then writing are two steps, and two members may take them at once: one deletes a segment while the other
chooses it, or two segments are made to refer to each other, each check seeing the state before the other's write. So
everybody who adds a reference or deletes a segment first writes to one document in the same transaction. MongoDB lets
one of two such transactions pass and has the other start over on what the first has left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from app.database import collection
from app.errors import Conflict
from app.segments.rule.references import stored_segments
from models.campaign import CampaignState
from models.segment import Segment

FINISHED = (CampaignState.DONE.value, CampaignState.CANCELLED.value)


async def take_turns(session: AsyncClientSession) -> None:
    """Let one transaction at a time add references to segments or delete one. To be the first write of each."""
    turn = {"$inc": {"changes": 1}}
    await collection("segment_turns").update_one({"_id": "references"}, turn, upsert=True, session=session)


async def hold_segments(ids: Sequence[ObjectId], session: AsyncClientSession) -> None:
    """Make sure that these segments are there when the transaction commits. Raises Conflict for one that is gone."""
    if not ids:
        return
    await take_turns(session)
    wanted = set(ids)
    found = await collection("segments").count_documents({"_id": {"$in": list(wanted)}}, session=session)
    if found < len(wanted):
        raise Conflict("A segment that was chosen has been deleted meanwhile. Choose the segments again.")


async def require_unused(segment: Segment, session: AsyncClientSession) -> None:
    """Raise Conflict naming the campaign or segment that refers to this one."""
    using = {"$or": [{"segment_ids": segment.id}, {"exclude_segment_ids": segment.id}], "state": {"$nin": FINISHED}}
    campaign = await collection("campaigns").find_one(using, {"name": 1}, session=session)
    if campaign is not None:
        raise Conflict(
            f'The campaign "{campaign["name"]}" uses this segment. Finish, cancel or change the campaign first.'
        )
    for key, other in (await stored_segments(session)).items():
        if key != str(segment.id) and _refers(other.rule, str(segment.id)):
            raise Conflict(f'The segment "{other.name}" refers to this segment. Change or delete that one first.')


def _refers(raw: Any, key: str) -> bool:
    """Whether a stored rule mentions the segment."""
    if not isinstance(raw, dict):
        return False
    if raw.get("field") == "segment":
        return bool(raw.get("value") == key)
    return any(_refers(rule, key) for rule in raw.get("rules") or ())
