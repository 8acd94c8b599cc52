"""The AI log: every question to a provider and its answer, newest first, for the owner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from beanie import PydanticObjectId
from pymongo import DESCENDING

from app.ai.budget import start_of_day
from app.ai.provider import Purpose
from app.auth.permissions import require
from app.database import collection
from app.errors import InvalidInput, NotFound
from app.paging import Sort, check_limit, cursor_after, rows_after
from app.settings import get_settings
from models.ai_call import AiCall
from models.member import Member

NEWEST = Sort("newest", (("created_at", DESCENDING), ("_id", DESCENDING)))
PURPOSES: tuple[str, ...] = get_args(Purpose)
FAILED = "failed"
"""As an outcome to look for: everything but `ok`."""
LONGEST_OUTCOME = 60
TOTAL_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class CallLine:
    """One call without its long texts. `asked` is the beginning of what was asked, `member` who asked."""

    id: PydanticObjectId
    purpose: Purpose
    provider: Literal["gemini", "openai"]
    model: str
    outcome: str
    asked: str
    took_ms: int
    input_tokens: int | None
    output_tokens: int | None
    member_id: PydanticObjectId | None
    member: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What AI cost: calls and tokens (read and written) of today in the shop's zone, and of 30 days with today."""

    calls_today: int
    tokens_today: int
    calls: int
    tokens: int
    most_tokens_a_day: int
    """The limit, 0 for none."""


async def list_calls(
    member: Member,
    *,
    purpose: str | None = None,
    outcome: str | None = None,
    member_id: PydanticObjectId | str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[CallLine], str | None]:
    """One page of 1 to 200 calls and the cursor of the next.

    `outcome` is `ok`, the name of a fault, or `failed` for all that is not ok. Raises PermissionDenied without
    `ai.log`, and InvalidInput.
    """
    require(member, "ai.log")
    conditions: list[dict[str, Any]] = []
    if purpose:
        if purpose not in PURPOSES:
            raise InvalidInput.of("purpose", f"should be one of {', '.join(PURPOSES)}")
        conditions.append({"purpose": purpose})
    if outcome:
        if len(outcome) > LONGEST_OUTCOME:
            raise InvalidInput.of("outcome", "should be ok, failed, or the name of what was wrong")
        conditions.append({"outcome": {"$ne": "ok"} if outcome == FAILED else {"$eq": outcome}})
    if member_id:
        if not PydanticObjectId.is_valid(member_id):
            raise InvalidInput.of("member_id", "is not an id")
        conditions.append({"member_id": PydanticObjectId(member_id)})
    if cursor:
        conditions.append(rows_after(cursor, NEWEST))
    query = {"$and": conditions} if conditions else {}
    found = collection("ai_calls").find(query, {"prompt": 0, "reply": 0}).sort(list(NEWEST.keys))
    rows = await found.limit(check_limit(limit) + 1).to_list()
    names = await _names({row["member_id"] for row in rows if row.get("member_id")})
    following = cursor_after(rows[limit - 1], NEWEST) if len(rows) > limit else None
    return [_line(row, names) for row in rows[:limit]], following


async def get_call(member: Member, call_id: PydanticObjectId | str) -> tuple[AiCall, str]:
    """A call with all that was sent and answered, and who asked. Raises PermissionDenied and NotFound."""
    require(member, "ai.log")
    call = await AiCall.get(PydanticObjectId(call_id)) if PydanticObjectId.is_valid(call_id) else None
    if call is None:
        raise NotFound("There is no such line in the AI log; it may have been removed after its time.")
    names = await _names({call.member_id} if call.member_id else set())
    return call, _who(call.member_id, names)


async def totals(member: Member) -> Totals:
    """Calls and tokens of today and of 30 days, from an index alone. Raises PermissionDenied."""
    require(member, "ai.log")
    settings = get_settings()
    today = start_of_day(settings)
    fields = {"calls": {"$sum": 1}, "tokens": {"$sum": {"$add": [_or_none("input"), _or_none("output")]}}}
    pipeline: list[dict[str, Any]] = [
        {"$match": {"created_at": {"$gte": today - timedelta(days=TOTAL_DAYS - 1)}}},
        {"$project": {"_id": 0, "created_at": 1, "input_tokens": 1, "output_tokens": 1}},
        {"$group": {"_id": {"$gte": ["$created_at", today]}, **fields}},
    ]
    cursor = await collection("ai_calls").aggregate(pipeline)
    sums = {bool(row["_id"]): row for row in await cursor.to_list()}
    nothing = {"calls": 0, "tokens": 0}
    now, before = sums.get(True, nothing), sums.get(False, nothing)
    return Totals(
        calls_today=now["calls"],
        tokens_today=now["tokens"],
        calls=now["calls"] + before["calls"],
        tokens=now["tokens"] + before["tokens"],
        most_tokens_a_day=settings.ai_tokens_per_day,
    )


async def askers(member: Member) -> dict[str, str]:
    """Id and name of every member who is in the log, by name. Raises PermissionDenied."""
    require(member, "ai.log")
    ids = await collection("ai_calls").distinct("member_id")
    names = await _names({found for found in ids if found is not None})
    return {str(key): name for key, name in sorted(names.items(), key=lambda item: item[1].casefold())}


def _or_none(which: str) -> dict[str, Any]:
    return {"$ifNull": [f"${which}_tokens", 0]}


async def _names(ids: set[Any]) -> dict[Any, str]:
    if not ids:
        return {}
    found = collection("members").find({"_id": {"$in": list(ids)}}, {"name": 1, "email": 1})
    return {row["_id"]: row.get("name") or row.get("email") or "" async for row in found}


def _who(member_id: PydanticObjectId | None, names: Mapping[Any, str]) -> str:
    return "System" if member_id is None else names.get(member_id, "A former member")


def _line(row: dict[str, Any], names: Mapping[Any, str]) -> CallLine:
    return CallLine(
        id=row["_id"],
        purpose=row["purpose"],
        provider=row["provider"],
        model=row.get("model", ""),
        outcome=row.get("outcome", "ok"),
        asked=row.get("asked", ""),
        took_ms=row.get("took_ms", 0),
        input_tokens=row.get("input_tokens"),
        output_tokens=row.get("output_tokens"),
        member_id=row.get("member_id"),
        member=_who(row.get("member_id"), names),
        created_at=row["created_at"],
    )
