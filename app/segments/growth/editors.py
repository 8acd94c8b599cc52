"""Who changed the rule of a segment, and when, from its revisions."""

from __future__ import annotations

from babel.dates import format_skeleton

from app.database import collection
from app.segments.sentence.wording import known_locale
from app.settings import get_settings
from models.member import Member
from models.segment import Segment
from models.segment_revision import SegmentRevision


async def rule_changes(segment: Segment, member: Member) -> dict[int, str]:
    """For each version that brought another rule, "on 12 Nov by Mira" as the member reads dates, in the shop's zone."""
    fields = {"number": 1, "rule": 1, "saved_at": 1, "saved_by_name": 1}
    revisions = collection(SegmentRevision.Settings.name).find({"segment_id": segment.id}, fields).sort("number", 1)
    found: dict[int, str] = {}
    before = None
    async for row in revisions:
        if before is not None and row["rule"] != before:
            day = row["saved_at"].astimezone(get_settings().zone).date()
            said = format_skeleton("MMMd", day, locale=known_locale(member.locale))
            found[row["number"]] = f"on {said} by {row['saved_by_name'] or 'somebody'}"
        before = row["rule"]
    return found
