"""What a sender left behind when it stopped: settled from the journals of this machine, else by the campaign's policy.

taken by the other side   -> sent
never offered to it       -> deferred, due at once
offered, no answer known  -> unknown, or due again where the campaign prefers a second copy to none
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from bson import ObjectId
from pymongo import UpdateOne

from app.campaigns.audience.contact import judge
from app.campaigns.message.composing import number_of
from app.campaigns.sending.leases import Lease, claimed_of
from app.campaigns.sending.ledger import Row, delivery_id, derive_tally, event, insert_new, write_each
from app.campaigns.sending.owners import on_this_machine, process_of, surely_dead, this_process
from app.channels.acceptances import KEPT_SECONDS, Noted, machines_of, read_journals
from app.database import collection
from models.campaign_plan import Ambiguity
from models.delivery import DeliveryState as State
from models.values import now

LOST_WORDS = "The process that was sending stopped before it could note the answer; it may or may not have arrived."
AFTER_ALL_WORDS = "The other side had taken it; the journal of the machine that sent it says so."

MOST_AT_ONCE = 20_000

log = structlog.get_logger(__name__)

_at_work: set[str] = set()


def begin(owner: str) -> None:
    """This process hands over under this owner from now on."""
    _at_work.add(owner)


def end(owner: str) -> None:
    """Nothing more will be offered under this owner."""
    _at_work.discard(owner)


async def settle_left(
    lease: Lease, campaign: Mapping[str, Any], rows: MutableMapping[ObjectId, Row], folder: Path
) -> None:
    """Decide on everybody whom an earlier holder began to hand over and has noted no outcome of.

    `rows` is what the ledger holds of the chunk and is brought up to date; `folder` holds this machine's journals. May
    run any number of times: the chunk keeps the note until the next micro-batch is claimed.
    """
    lost = {**_left_by(lease, rows), **_left_in_rows(rows)}
    if not lost:
        return
    since = min((item.begun for item in lost.values() if item.begun), default=None)
    ids = [delivery_id(lease.campaign_id, customer) for customer in lost]
    noted = await asyncio.to_thread(read_journals, folder, ids, since=since)
    moment = now()
    policy = campaign.get("ambiguity") or Ambiguity.UNKNOWN
    changes: list[UpdateOne] = []
    unwritten: dict[ObjectId, Row] = {}
    for customer, item in lost.items():
        id = delivery_id(lease.campaign_id, customer)
        row = rows.get(customer)
        line = _decide(id, item, row, noted, policy, moment)
        if line is None:
            continue
        if row is None:
            unwritten[customer] = {"first_try_at": item.begun, "created_at": item.begun, **line}
        else:
            changes.append(_change(id, row, line))
            row.update(line)
    if unwritten:
        await _insert(lease, campaign, unwritten, rows)
    await write_each(changes)


@dataclass(frozen=True, slots=True)
class _Lost:
    owner: str
    begun: datetime | None


def _left_by(lease: Lease, rows: Mapping[ObjectId, Row]) -> dict[ObjectId, _Lost]:
    """Those claimed by the last holder without an outcome written since."""
    left = lease.left
    if not left:
        return {}
    item = _Lost(left["owner"], left["at"])
    return {
        customer: item
        for customer in claimed_of(lease.customer_ids, left)
        if (row := rows.get(customer)) is None
        or (row["state"] == State.DEFERRED and row.get("updated_at", left["at"]) < left["at"])
    }


def _left_in_rows(rows: Mapping[ObjectId, Row]) -> dict[ObjectId, _Lost]:
    """Rows that say `sending`, as an earlier version claimed."""
    return {
        customer: _Lost(row.get("owner") or "", row.get("first_try_at"))
        for customer, row in rows.items()
        if row["state"] == State.SENDING
    }


def _change(id: str, row: Row, line: Mapping[str, Any]) -> UpdateOne:
    update: dict[str, Any] = {"$set": {name: value for name, value in line.items() if name != "history"}}
    if "history" in line:
        update["$push"] = {"history": {"$each": line["history"]}}
    return UpdateOne({"_id": id, "state": row["state"]}, update)


async def _insert(
    lease: Lease, campaign: Mapping[str, Any], unwritten: Mapping[ObjectId, Row], rows: MutableMapping[ObjectId, Row]
) -> None:
    """Lines for those who have none, with the names and addresses of now."""
    documents: list[Row] = []
    number = number_of(lease.campaign_id)
    for verdict in await judge(list(unwritten), campaign["channel"]):
        customer = verdict.customer_id
        document = {
            "_id": delivery_id(lease.campaign_id, customer),
            "campaign_id": lease.campaign_id,
            "customer_id": customer,
            "chunk": lease.n,
            "channel": str(campaign["channel"]),
            "address": verdict.address,
            "domain": verdict.domain,
            "name": (verdict.customer or {}).get("name") or "",
            "message_id": number(customer) if verdict.domain else None,
            **unwritten[customer],
        }
        documents.append(document)
        rows[customer] = document
    await insert_new(documents)


async def settle_own(folder: Path) -> int:
    """Mark as sent what another machine had to call unknown although this machine's journals know better.

    For processes that ended here and left their chunks to others. Returns how many; doing it again changes nothing.
    """
    machines = await asyncio.to_thread(machines_of, folder)
    if not machines:
        return 0
    recent = now() - timedelta(seconds=KEPT_SECONDS)
    live = {"$or": [{"finished_at": None, "started_at": {"$ne": None}}, {"finished_at": {"$gt": recent}}]}
    campaigns = [row["_id"] async for row in collection("campaigns").find(live, {"_id": 1})]
    ours = "^(" + "|".join(re.escape(machine) for machine in sorted(machines)) + ")/"
    wanted = {"campaign_id": {"$in": campaigns}, "state": State.UNKNOWN.value, "owner": {"$regex": ours}}
    fields = {"campaign_id": 1, "chunk": 1, "owner": 1, "first_try_at": 1}
    found = await collection("deliveries").find(wanted, fields).limit(MOST_AT_ONCE).to_list()
    return await _sent_after_all(found, folder) if found else 0


async def _sent_after_all(found: Sequence[Mapping[str, Any]], folder: Path) -> int:
    ids = [row["_id"] for row in found]
    noted = await asyncio.to_thread(read_journals, folder, ids)
    moment = now()
    known = [row for row in found if row["_id"] in noted.taken]
    await write_each(
        [
            UpdateOne(
                {"_id": row["_id"], "state": State.UNKNOWN.value, "owner": row["owner"]},
                {
                    "$set": {**_taken(noted.taken[row["_id"]]), "updated_at": moment},
                    "$push": {"history": event(moment, State.SENT, AFTER_ALL_WORDS)},
                },
            )
            for row in known
        ]
    )
    for campaign, chunk in {(row["campaign_id"], row["chunk"]) for row in known}:
        await derive_tally(campaign, chunk)
    if known:
        log.info("unknown deliveries had arrived", count=len(known))
    return len(known)


def _decide(
    id: str, item: _Lost, row: Row | None, noted: Noted, policy: str, moment: datetime
) -> dict[str, Any] | None:
    """The fields to write; None for who was never offered and so simply waits for a first try."""
    tries = (row.get("attempts") or 0) if row is not None else 0
    claimed_in_row = row is not None and row["state"] == State.SENDING
    same = {"owner": item.owner, "updated_at": moment, "attempts": tries if claimed_in_row else tries + 1}
    taken = noted.taken.get(id)
    if taken is not None:
        return {**same, **_taken(taken)}
    again = {"state": State.DEFERRED.value, "next_at": moment}
    if id not in noted.offered and _silence_counts(item.owner, noted):
        return {**same, **again, "attempts": max(0, tries - 1), "reason": None} if claimed_in_row else None
    happened = {"history": [event(moment, State.UNKNOWN, LOST_WORDS)], "reason": LOST_WORDS}
    if policy == Ambiguity.RESEND:
        return {**same, **again, **happened}
    return {**same, "state": State.UNKNOWN.value, "next_at": None, **happened}


def _silence_counts(owner: str, noted: Noted) -> bool:
    """Whether this owner noted every offer it made, on this machine, and will make no more."""
    if not on_this_machine(owner) or process_of(owner) not in noted.writers:
        return False
    if process_of(owner) == this_process():
        return owner not in _at_work
    return surely_dead(owner)


def _taken(moment: datetime) -> dict[str, Any]:
    return {"state": State.SENT.value, "sent_at": moment, "reason": None, "next_at": None}
