"""Why messages did not go: the servers' many words put into a few groups that a person can act on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.database import collection
from models.campaign import Campaign
from models.delivery import DeliveryState

MOST = 2_000
_CODE = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_REPLY = re.compile(r"\b([45]\d\d)\b")
_ENHANCED = {
    "1.1": "No such mailbox",
    "1.2": "No such domain",
    "1.3": "The address is not written as an address",
    "1.10": "The domain takes no mail",
    "2.1": "The mailbox is switched off",
    "2.2": "The mailbox is full",
    "3.4": "The message is too large for them",
    "4.1": "Their server did not answer",
    "4.7": "Their server took too long",
    "7.1": "Their server refused the message",
}
"""By the last two figures of an enhanced status code (RFC 3463)."""
_FAMILY = {"1": "The address was refused", "2": "The mailbox was refused", "7": "Their server refused the message"}


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One group: its words, how many, and what one server said, word for word."""

    words: str
    count: int
    sample: str


async def why(campaign: Campaign, states: list[DeliveryState]) -> list[Reason]:
    """The reasons of the campaign's deliveries in these states, most frequent first."""
    rows = await collection("deliveries").aggregate(
        [
            {"$match": {"campaign_id": campaign.id, "state": {"$in": states}}},
            {"$group": {"_id": "$reason", "count": {"$sum": 1}}},
            {"$sort": {"count": -1}},
            {"$limit": MOST},
        ]
    )
    groups: dict[str, tuple[int, str]] = {}
    async for row in rows:
        said = str(row["_id"] or "")
        words = plain(said)
        count, sample = groups.get(words, (0, said))
        groups[words] = (count + row["count"], sample)
    found = [Reason(words=words, count=count, sample=sample) for words, (count, sample) in groups.items()]
    return sorted(found, key=lambda reason: -reason.count)


def plain(said: str) -> str:
    """A server's words in plain ones; what Cohort says itself stays as it is."""
    if not said:
        return "No reason was given"
    if code := _CODE.search(said):
        kind = code[1].split(".", 1)[1]
        return _ENHANCED.get(kind) or _FAMILY.get(kind.split(".")[0]) or "Their server refused the message"
    if reply := _REPLY.match(said):
        return "Their server refused the message" if reply[1][0] == "5" else "Their server had trouble"
    return said.rstrip(".") if len(said) <= 80 else "Their server refused the message"
