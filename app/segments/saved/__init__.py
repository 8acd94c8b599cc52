"""Saved segments: one by its id, or page by page."""

from __future__ import annotations

import re
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import DESCENDING

from app.auth.permissions import require
from app.database import collection
from app.errors import InvalidInput, NotFound
from app.paging import check_limit, cursor_after, pick_sort, rows_after, sorts
from models.member import Member
from models.segment import Segment
from models.values import fold

LONGEST_TEXT = 2_000
SORTS = sorts({"updated_at": (("updated_at", DESCENDING), ("_id", DESCENDING))})


async def get_segment(member: Member, segment_id: object) -> Segment:
    """One segment. Raises NotFound, also for an id that cannot be one."""
    require(member, "segments.read")
    key = str(segment_id)
    segment = await Segment.get(PydanticObjectId(key)) if len(key) == 24 and ObjectId.is_valid(key) else None
    if segment is None:
        raise NotFound("There is no segment with this id.")
    return segment


async def list_segments(
    member: Member, *, search: str = "", limit: int = 50, cursor: str | None = None
) -> tuple[list[Segment], str | None]:
    """Segments, last changed first, and the cursor of the next page, if there is one. `search` is part of the name."""
    require(member, "segments.read")
    check_limit(limit)
    sort = pick_sort(SORTS, "updated_at")
    wanted: dict[str, Any] = {}
    if part := fold(clean_text("search", search)):
        wanted = {"name_folded": {"$regex": re.escape(part)}}
    if cursor:
        wanted = {"$and": [wanted, rows_after(cursor, sort)]}
    found = collection("segments").find(wanted).sort(list(sort.keys)).limit(limit + 1)
    rows = await found.to_list()
    following = cursor_after(rows[limit - 1], sort) if len(rows) > limit else None
    return [Segment.model_validate(row) for row in rows[:limit]], following


def clean_text(field: str, raw: object) -> str:
    """Trimmed text that can be stored; None is empty."""
    if raw is None:
        return ""
    if not isinstance(raw, str):
        raise InvalidInput.of(field, "should be text")
    if len(raw) > LONGEST_TEXT:
        raise InvalidInput.of(field, f"has {len(raw)} characters; at most {LONGEST_TEXT} are possible")
    if "\0" in raw or any("\ud800" <= char <= "\udfff" for char in raw):
        raise InvalidInput.of(field, "holds a character that text cannot have")
    return raw.strip()
