"""The communication log and the campaigns as CSV, streamed: a million lines take no more memory than five hundred."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import DESCENDING

from app.audit import note
from app.auth.authorize import authorize
from app.auth.permissions import require
from app.campaigns.record.deliveries import ROWS_AT_ONCE, every_delivery
from app.campaigns.record.log_filter import LogFilter, question
from app.campaigns.record.progress import counts_of_many
from app.campaigns.record.reasons import plain
from app.database import collection
from app.imports.formulas import csv_lines
from models.campaign import Campaign
from models.member import Member

CAMPAIGNS_AT_ONCE = 100

WHO = ("campaign_id", "campaign", "customer_id", "name", "address", "domain", "channel")
WHAT = ("state", "reason", "meaning", "tries", "server", "reference", "message_id")
WHEN = ("first_try_at", "next_try_at", "sent_at", "changed_at")
DELIVERY_COLUMNS = (*WHO, *WHAT, *WHEN)

ABOUT = ("id", "name", "channel", "state", "subject")
LIFE = ("created_at", "created_by", "sent_by", "started_at", "finished_at")
COUNTS = ("audience", "pending", "sent", "failed", "skipped", "held_out", "unknown")
LATER = ("delivered", "bounced", "complained", "opened", "clicked", "unsubscribed")
CAMPAIGN_COLUMNS = (*ABOUT, *LIFE, *COUNTS, *LATER, "waiting_reason", "pause_reason")


async def deliveries_csv(member: Member, wanted: LogFilter) -> AsyncIterator[bytes]:
    """The deliveries that fit, newest first, in pieces. Raises PermissionDenied and InvalidInput at once."""
    require(member, "deliveries.read")
    await authorize(member, "customers.export")
    await question(member, wanted)
    await note(member, "log.export", id=wanted.campaign_id or "")
    return _deliveries(member, wanted)


async def campaigns_csv(member: Member) -> AsyncIterator[bytes]:
    """Every campaign with its counts, newest first, in pieces. Raises PermissionDenied at once."""
    require(member, "campaigns.read")
    await note(member, "campaign.export-list")
    return _campaigns()


async def _deliveries(member: Member, wanted: LogFilter) -> AsyncIterator[bytes]:
    yield csv_lines([DELIVERY_COLUMNS])
    names: dict[ObjectId, str] = {}
    waiting: list[dict[str, Any]] = []
    async for row in every_delivery(member, wanted):
        waiting.append(row)
        if len(waiting) == ROWS_AT_ONCE:
            yield csv_lines(await _lines(waiting, names))
            waiting.clear()
    if waiting:
        yield csv_lines(await _lines(waiting, names))


async def _lines(rows: list[dict[str, Any]], names: dict[ObjectId, str]) -> list[list[str]]:
    if unnamed := {row["campaign_id"] for row in rows} - names.keys():
        names |= dict.fromkeys(unnamed, "")
        found = collection("campaigns").find({"_id": {"$in": list(unnamed)}}, {"name": 1})
        names |= {row["_id"]: row.get("name") or "" async for row in found}
    return [_line(row, names[row["campaign_id"]]) for row in rows]


def _line(row: Mapping[str, Any], campaign: str) -> list[str]:
    said = row.get("reason") or ""
    told = {
        **row,
        "campaign": campaign,
        "meaning": plain(said) if said else "",
        "tries": row.get("attempts"),
        "next_try_at": row.get("next_at"),
        "changed_at": row.get("updated_at"),
    }
    return _cells(told, DELIVERY_COLUMNS)


async def _campaigns() -> AsyncIterator[bytes]:
    yield csv_lines([CAMPAIGN_COLUMNS])
    members = {row["_id"]: row.get("name") or row["email"] async for row in collection("members").find({})}
    waiting: list[Campaign] = []
    async for row in collection("campaigns").find({}).sort([("updated_at", DESCENDING), ("_id", DESCENDING)]):
        waiting.append(Campaign.model_validate(row))
        if len(waiting) == CAMPAIGNS_AT_ONCE:
            yield csv_lines(await _campaign_lines(waiting, members))
            waiting.clear()
    if waiting:
        yield csv_lines(await _campaign_lines(waiting, members))


async def _campaign_lines(campaigns: list[Campaign], members: Mapping[Any, str]) -> list[list[str]]:
    counts = await counts_of_many(campaigns)
    lines = []
    for one in campaigns:
        assert one.id is not None
        people = {"created_by": members.get(one.created_by), "sent_by": members.get(one.launched_by)}
        lines.append(_cells({**one.model_dump(), **counts[one.id].as_dict(), **people}, CAMPAIGN_COLUMNS))
    return lines


def _cells(values: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    return [_text(values.get(name)) for name in names]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(value)
