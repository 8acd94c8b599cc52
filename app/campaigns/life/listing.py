"""The campaigns page by page: what is in the list, what was put away, what a series has made."""

from __future__ import annotations

import re
from typing import Any

from beanie import PydanticObjectId
from pymongo import DESCENDING

from app.auth.permissions import require
from app.campaigns.life.fields import NAME_CHARACTERS
from app.database import collection
from app.errors import InvalidInput
from app.paging import Sort, check_limit, cursor_after, rows_after
from models.campaign import Campaign, CampaignState
from models.member import Member

NEWEST = Sort("updated", (("updated_at", DESCENDING), ("_id", DESCENDING)))


async def list_campaigns(
    member: Member,
    *,
    state: CampaignState | str | None = None,
    archived: bool = False,
    series_id: PydanticObjectId | str | None = None,
    search: str = "",
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[Campaign], str | None]:
    """One page of 1 to 200 campaigns, the latest changed first, and the cursor of the next.

    `archived` lists those that were put away, in place of the others; `series_id` the campaigns of one series, whether
    put away or not; `search` is part of the name. Raises InvalidInput.
    """
    require(member, "campaigns.read")
    conditions: list[dict[str, Any]] = []
    if series_id is None:
        conditions.append({"archived_at": {"$ne": None} if archived else None})
    elif PydanticObjectId.is_valid(series_id):
        conditions.append({"series_id": PydanticObjectId(series_id)})
    else:
        raise InvalidInput.of("series_id", "is not the id of a campaign")
    if state is not None:
        conditions.append({"state": str(state)})
    if part := search.replace("\0", "").strip()[:NAME_CHARACTERS]:
        conditions.append({"name": {"$regex": re.escape(part), "$options": "i"}})
    if cursor:
        conditions.append(rows_after(cursor, NEWEST))
    found = collection("campaigns").find({"$and": conditions}).sort(list(NEWEST.keys))
    rows = await found.limit(check_limit(limit) + 1).to_list()
    following = cursor_after(rows[limit - 1], NEWEST) if len(rows) > limit else None
    return [Campaign.model_validate(row) for row in rows[:limit]], following
