"""The built-in outbox: what would have been sent, kept readable. The way out while no mail server is set."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import DESCENDING
from pymongo.errors import ExecutionTimeout

from app.auth.permissions import require
from app.channels.base import ACCEPTED, Message, Outcome
from app.customers.masking import masked_address, sees_contact
from app.database import collection
from app.errors import InvalidInput, NotFound
from app.paging import Sort, check_limit, cursor_after, rows_after
from models.member import Member
from models.outbox import OutboxMessage
from models.values import fold, now

SEARCH_MILLISECONDS = 2_000
_OWN_LINK = re.compile(r"/u/[A-Za-z0-9._~-]+")

NEWEST = Sort("newest", (("created_at", DESCENDING), ("_id", DESCENDING)))


class OutboxChannel:
    """Writes messages into the `outbox` collection. The delivery's id is the key, so a repeat changes nothing."""

    repeatable = True

    async def ready(self) -> None:
        """Always: it is the same database that holds the campaign."""

    async def send(self, batch: Sequence[Message]) -> list[Outcome]:
        """Keep every message. A message that is there already was kept by an earlier try."""
        moment = now()
        rows = [_row(message, moment) for message in batch]
        ids = [row["_id"] for row in rows]
        known = {row["_id"] async for row in collection("outbox").find({"_id": {"$in": ids}}, {"_id": 1})}
        fresh = [row for row in rows if row["_id"] not in known]
        if fresh:
            await collection("outbox").insert_many(fresh, ordered=False)
        return [ACCEPTED] * len(batch)

    async def close(self) -> None:
        """Nothing is held open."""


async def list_outbox(
    member: Member, *, limit: int = 50, cursor: str | None = None, search: str = ""
) -> tuple[list[OutboxMessage], str | None]:
    """Newest first, `limit` of 1 to 200, and the cursor of the next page. `search` matches the beginning of words of
    the recipient's name, address and the subject. Raises InvalidInput when a search takes longer than two seconds.
    """
    require(member, "deliveries.read")
    words = fold(search.replace("\x00", " ")).split()
    conditions: list[dict[str, Any]] = [_begins(member, re.escape(word)) for word in words]
    if cursor:
        conditions.append(rows_after(cursor, NEWEST))
    query = {"$and": conditions} if conditions else {}
    found = collection("outbox").find(query).sort(list(NEWEST.keys)).limit(check_limit(limit) + 1)
    try:
        rows = await found.max_time_ms(SEARCH_MILLISECONDS).to_list()
    except ExecutionTimeout as problem:
        raise InvalidInput.of("search", "takes too long; type more of the name or subject") from problem
    following = cursor_after(rows[limit - 1], NEWEST) if len(rows) > limit else None
    return [shown_letter(member, OutboxMessage.model_validate(row)) for row in rows[:limit]], following


def _begins(member: Member, word: str) -> dict[str, Any]:
    found: dict[str, Any] = {"search": {"$regex": f"^{word}"}}
    if not sees_contact(member):  # the recipient's address is among the words too
        seen = {"$regex": rf"(^|\s){word}", "$options": "i"}
        found["$or"] = [{"name": seen}, {"subject": seen}]
    return found


async def outbox_message(member: Member, id: str) -> OutboxMessage:
    """One message of the outbox; its id is the delivery's. Raises NotFound."""
    require(member, "deliveries.read")
    message = await OutboxMessage.get(id)
    if message is None:
        raise NotFound("This message is not in the outbox.")
    return shown_letter(member, message)


def shown_letter(member: Member, message: OutboxMessage) -> OutboxMessage:
    """The message as this member may see it; whose links unsubscribe somebody is nothing for who may only look."""
    if sees_contact(member):
        return message
    shown: OutboxMessage = message.model_copy(
        update={
            "recipient": masked_address(message.recipient) or "",
            "html": without_address(member, without_links(member, message.html), message.recipient),
            "text": without_address(member, without_links(member, message.text), message.recipient),
            "headers": {},
        }
    )
    return shown


def without_links(member: Member, content: str) -> str:
    """The content, for viewers without the tokens by which its reader unsubscribes."""
    return content if sees_contact(member) else _OWN_LINK.sub("/u/…", content)


def without_address(member: Member, content: str, address: str | None) -> str:
    """The content, for viewers with the reader's own address or number masked where a merge tag put it."""
    if sees_contact(member) or not address:
        return content
    return re.sub(re.escape(address), str(masked_address(address)), content, flags=re.IGNORECASE)


def _row(message: Message, moment: object) -> dict[str, Any]:
    words = f"{fold(message.name)} {fold(message.subject)}".split()[:40]
    return {
        "_id": message.id,
        "campaign_id": _id(message.campaign_id),
        "customer_id": _id(message.customer_id),
        "sender": message.sender,
        "recipient": message.recipient,
        "name": message.name,
        "subject": message.subject,
        "html": str(message.html),
        "text": str(message.text),
        "headers": dict(message.headers),
        "search": list(dict.fromkeys([fold(message.recipient), *words])),
        "created_at": moment,
    }


def _id(value: ObjectId | None) -> PydanticObjectId | None:
    return PydanticObjectId(value) if value is not None else None
