"""Reading the audit log: by who, what and when, page by page, or all of it as CSV."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId

from app.audit.recording import note
from app.auth.permissions import require
from app.database import collection
from app.errors import InvalidInput
from app.imports.formulas import csv_lines
from app.paging import Sort, check_limit, cursor_after, rows_after
from models.audit_entry import AuditEntry
from models.member import Member

NEWEST = Sort("newest", (("_id", -1),))
HEAD = ("number", "at", "member", "via", "address", "action", "object_id", "object_name", "before", "after", "seal")
LINES_AT_ONCE = 500


async def list_entries(
    member: Member,
    *,
    action: str | None = None,
    by: PydanticObjectId | str | None = None,
    object_id: str | None = None,
    about: str | None = None,
    address: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[AuditEntry], str | None]:
    """The newest first, 1 to 200, and the cursor of the next page.

    `action` is one ("segment.update") or a kind ("segment"); `about` is an object's id or part of its name; `address`
    is a network address or its beginning; `since` is included, `until` is not. Raises InvalidInput.
    """
    require(member, "audit.read")
    conditions = [*_conditions(action, by, object_id, since, until), *_words(about, address)]
    if cursor:
        conditions.append(rows_after(cursor, NEWEST))
    found = collection("audit").find({"$and": conditions} if conditions else {}).sort(list(NEWEST.keys))
    rows = await found.limit(check_limit(limit) + 1).to_list()
    following = cursor_after(rows[limit - 1], NEWEST) if len(rows) > limit else None
    return [AuditEntry.model_validate(row) for row in rows[:limit]], following


async def actions(member: Member) -> list[str]:
    """What has been done at least once."""
    require(member, "audit.read")
    return sorted(await collection("audit").distinct("action"))


async def entries_csv(member: Member) -> AsyncIterator[bytes]:
    """The whole log, the oldest first, with the seals, so that it can be checked elsewhere too. It says who took it."""
    require(member, "audit.read")
    await note(member, "audit.export")
    return _lines()


async def _lines() -> AsyncIterator[bytes]:
    yield csv_lines([HEAD])
    waiting: list[list[str]] = []
    async for row in collection("audit").find({}).sort("_id", 1):
        waiting.append(_cells(row))
        if len(waiting) == LINES_AT_ONCE:
            yield csv_lines(waiting)
            waiting = []
    if waiting:
        yield csv_lines(waiting)


def _cells(row: dict[str, Any]) -> list[str]:
    words = [str(row["_id"]), row["at"].isoformat()]
    words += [str(row.get(name) or "") for name in ("member", "via", "address", "action", "object_id", "object_name")]
    words += [json.dumps(row.get(name) or {}, ensure_ascii=False, default=str) for name in ("before", "after")]
    return [*words, str(row.get("seal") or "")]


async def people(member: Member) -> dict[str, str]:
    """Who is in the log: id and name, by name."""
    require(member, "audit.read")
    group = {"$group": {"_id": "$member_id", "name": {"$last": "$member"}}}
    found = await collection("audit").aggregate([{"$match": {"member_id": {"$ne": None}}}, group])
    named = {str(row["_id"]): row["name"] or "No name" async for row in found}
    return dict(sorted(named.items(), key=lambda item: item[1].casefold()))


def _words(about: str | None, address: str | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for field, words in (("about", about), ("address", address)):
        if words and any("\ud800" <= sign <= "\udfff" or sign == "\0" for sign in words):
            raise InvalidInput.of(field, "holds a character that text cannot have")
    if about:
        part = {"$regex": re.escape(about[:200]), "$options": "i"}
        found.append({"$or": [{"object_id": about[:200]}, {"object_name": part}]})
    if address:
        found.append({"address": {"$regex": f"^{re.escape(address[:60])}"}})
    return found


def _conditions(
    action: str | None,
    by: PydanticObjectId | str | None,
    object_id: str | None,
    since: datetime | None,
    until: datetime | None,
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if action:
        if not all(part.isidentifier() for part in action.replace("-", "_").split(".")):
            raise InvalidInput.of("action", "should be an action such as segment.update, or its first word")
        found.append({"action": action} if "." in action else {"action": {"$regex": f"^{action}\\."}})
    if by:
        if not ObjectId.is_valid(by):
            raise InvalidInput.of("by", "is not the id of a member")
        found.append({"member_id": ObjectId(by)})
    if object_id:
        found.append({"object_id": object_id[:200]})
    if since or until:
        found.append({"at": {**({"$gte": since} if since else {}), **({"$lt": until} if until else {})}})
    return found
