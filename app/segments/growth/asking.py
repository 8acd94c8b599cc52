"""Asking for a record now: kept in MongoDB, so a lost message is derived again by the clock."""

from __future__ import annotations

import secrets
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from app.auth.authorize import authorize
from app.auth.permissions import require
from app.campaigns.record import signals
from app.database import collection
from app.segments.growth.recording import STATES
from app.segments.saved import get_segment
from models.member import Member


async def ask_record(member: Member, segment_id: object) -> str:
    """Ask for a record now, and answer the token that stands for it; one that waits already is enough for both."""
    await authorize(member, "segments.write")
    segment = await get_segment(member, segment_id)
    token = _token()
    states = collection(STATES)
    await states.update_one({"_id": segment.id}, {"$setOnInsert": {"night": ""}}, upsert=True)
    await states.update_one({"_id": segment.id, "asked": None}, {"$set": {"asked": token}})
    state = await states.find_one({"_id": segment.id}, {"asked": 1}) or {}
    await signals.wake()
    return str(state.get("asked") or token)


async def ask_first_record(segment_id: Any, session: AsyncClientSession) -> None:
    """Ask for the first record of a segment in the transaction that makes it: what moves later is told from there."""
    await collection(STATES).insert_one({"_id": segment_id, "night": "", "asked": _token()}, session=session)


async def is_waiting(member: Member, segment_id: object) -> bool:
    """Whether a record was asked for that is not made yet."""
    require(member, "segments.read")
    segment = await get_segment(member, segment_id)
    state = await collection(STATES).find_one({"_id": segment.id}, {"asked": 1}) or {}
    return bool(state.get("asked"))


def _token() -> str:
    return f"asked:{secrets.token_hex(8)}"
