"""Why messages did not go: the servers' many words put into a few groups that a person can act on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.database import collection
from models.campaign import Campaign
from models.delivery import DeliveryState

CODE = r"\b[245]\.\d{1,3}\.\d{1,3}\b"
"""An enhanced status code (RFC 3463)."""

OWN_WORDS = 80
"""Up to so many characters, words that are no server's reply are Cohort's own, and a group of their own."""

NONE = "No reason was given"
REFUSED = "Their server refused the message"


@dataclass(frozen=True, kw_only=True)
class Group:
    """One group of servers' replies. `kinds` are the last two figures of an enhanced code, `family` the middle one of
    all codes that no other group names.
    """

    key: str
    words: str
    kinds: tuple[str, ...] = ()
    family: str = ""


GROUPS: tuple[Group, ...] = (
    Group(key="no-such-mailbox", words="No such mailbox", kinds=("1.1",)),
    Group(key="no-such-domain", words="No such domain", kinds=("1.2",)),
    Group(key="not-an-address", words="The address is not written as an address", kinds=("1.3",)),
    Group(key="takes-no-mail", words="The domain takes no mail", kinds=("1.10",)),
    Group(key="address-refused", words="The address was refused", family="1"),
    Group(key="mailbox-off", words="The mailbox is switched off", kinds=("2.1",)),
    Group(key="mailbox-full", words="The mailbox is full", kinds=("2.2",)),
    Group(key="mailbox-refused", words="The mailbox was refused", family="2"),
    Group(key="too-large", words="The message is too large for them", kinds=("3.4",)),
    Group(key="no-answer", words="Their server did not answer", kinds=("4.1",)),
    Group(key="too-slow", words="Their server took too long", kinds=("4.7",)),
    Group(key="trouble", words="Their server had trouble"),
    Group(key="refused", words=REFUSED),
)
"""Every reply of a server belongs to one; the last takes what no other does."""

BY_KEY = {group.key: group for group in GROUPS}
_BY_KIND = {kind: group for group in GROUPS for kind in group.kinds}
_BY_FAMILY = {group.family: group for group in GROUPS if group.family}
_CODE = re.compile(CODE, re.ASCII)
_REPLY = re.compile(r"[45]\d\d\b", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One group of a campaign's messages: its key for the log's filter, words, how many, and what one server said."""

    key: str
    words: str
    count: int
    sample: str


async def why(campaign: Campaign, states: Sequence[DeliveryState]) -> list[Reason]:
    """The reasons of the campaign's deliveries in these states, most frequent first; their counts add up.

    Grouped in the database by the code in the words, so that a server that repeats every address in its replies still
    makes one group: 100,000 failures take about 0.3 s.
    """
    rows = await collection("deliveries").aggregate(
        [
            {"$match": {"campaign_id": campaign.id, "state": {"$in": list(states)}}},
            {"$group": {"_id": _SHORT, "count": {"$sum": 1}, "sample": {"$first": "$reason"}}},
            {"$sort": {"count": -1}},
        ]
    )
    groups: dict[str, Reason] = {}
    async for row in rows:
        said = str(row["sample"] or "")
        key, words = group_of(said)
        before = groups.get(key)
        if before is None:
            groups[key] = Reason(key=key, words=words, count=row["count"], sample=said)
        else:
            groups[key] = Reason(key=key, words=words, count=before.count + row["count"], sample=before.sample)
    return sorted(groups.values(), key=lambda reason: -reason.count)


_SAID = {"$ifNull": ["$reason", ""]}
_SHORT: dict[str, Any] = {
    "$let": {
        "vars": {
            "code": {"$regexFind": {"input": _SAID, "regex": CODE}},
            "reply": {"$regexFind": {"input": _SAID, "regex": r"^[45]\d\d\b"}},
        },
        "in": {
            "$ifNull": [
                "$$code.match",
                "$$reply.match",
                {"$cond": [{"$gt": [{"$strLenCP": _SAID}, OWN_WORDS]}, "long", _SAID]},
            ]
        },
    }
}
"""What decides the group: the code, else the reply's number, else the words themselves unless they are long."""


def plain(said: str) -> str:
    """A server's words in plain ones; what Cohort says itself stays as it is."""
    return group_of(said)[1]


def group_of(said: str) -> tuple[str, str]:
    """The key and the words of the group these words belong to. The key of Cohort's own words is the words."""
    if not said:
        return "", NONE
    if code := _CODE.search(said):
        kind = code[0].split(".", 1)[1]
        group = _BY_KIND.get(kind) or _BY_FAMILY.get(kind.split(".")[0]) or BY_KEY["refused"]
        return group.key, group.words
    if reply := _REPLY.match(said):
        group = BY_KEY["refused" if reply[0][0] == "5" else "trouble"]
        return group.key, group.words
    if len(said) > OWN_WORDS:
        return "refused", REFUSED
    words = said.rstrip(".")
    return words, words


def reason_filter(key: str) -> dict[str, Any]:
    """The filter on `reason` that finds exactly what `group_of` puts under this key."""
    group = BY_KEY.get(key)
    key = key.replace("\0", "")
    if group is None:
        return {"$regex": rf"^{re.escape(key)}\.*$"} if key else {"$in": [None, ""]}
    return {"$regex": _pattern(group)}


_UP_TO_CODE = rf"^(?:(?!{CODE})[\s\S])*"
_NO_CODE = rf"^(?![\s\S]*?{CODE})"


def _pattern(group: Group) -> str:
    if group.kinds:
        kinds = "|".join(kind.replace(".", r"\.") for kind in group.kinds)
        return rf"{_UP_TO_CODE}\b[245]\.(?:{kinds})\b"
    if group.family:
        others = "|".join(kind.split(".")[1] for kind in _BY_KIND if kind.split(".")[0] == group.family)
        return rf"{_UP_TO_CODE}\b[245]\.{group.family}\.(?!(?:{others})\b)\d{{1,3}}\b"
    if group.key == "trouble":
        return rf"{_NO_CODE}4\d\d\b"
    named = "|".join(kind.replace(".", r"\.") for kind in _BY_KIND)
    other_code = rf"\b[245]\.(?!(?:{'|'.join(_BY_FAMILY)})\.)(?!(?:{named})\b)\d{{1,3}}\.\d{{1,3}}\b"
    return rf"{_UP_TO_CODE}{other_code}|{_NO_CODE}(?:5\d\d\b|(?![45]\d\d\b)[\s\S]{{{OWN_WORDS + 1},}})"
