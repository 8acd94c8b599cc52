"""What receipts do to a delivery: they move it forward and never back, so order and repeats do no harm."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.delivery import DeliveryState as State

Raw = Mapping[str, Any]

RANKS: Mapping[str, int] = {
    State.SENDING: 0,
    State.DEFERRED: 0,
    State.SENT: 0,
    State.UNKNOWN: 0,
    State.DELIVERED: 1,
    State.BOUNCED: 2,
    State.COMPLAINED: 3,
}
"""A receipt moves a delivery to a higher rank only. What is missing here (failed, skipped, ...) no receipt moves."""

MOST_EVENTS = 40
"""A delivery's history takes no more receipts than this, whatever a vendor sends."""

_WRONG_ADDRESS = re.compile(r"^\s*(?:\d{3}[ -])?\s*5\.1\.(?![78]\b)\d{1,3}\b")
"""5.1.x is about the recipient's address, but for 5.1.7 and 5.1.8, which are about the sender's (RFC 3463, 3.2)."""

_WORDS = {
    "delivered": "Delivered",
    "bounced": "Came back undelivered",
    "complained": "Reported as spam",
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is to be written of one delivery: its state from `before` to `after`, which may be the same, and new events
    of its history.
    """

    before: str
    after: str
    changes: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)


def is_hard(receipt: Raw) -> bool:
    """Whether the address will never work: the vendor says so, or its words begin with 5.1.x (RFC 3463)."""
    if receipt["event"] != State.BOUNCED:
        return False
    return bool(receipt.get("permanent")) or _WRONG_ADDRESS.match(receipt.get("reason") or "") is not None


def step(delivery: Raw, receipts: Iterable[Raw]) -> Step | None:
    """What these receipts, in any order, change of a raw delivery; None when it holds all of them already."""
    before = after = delivery["state"]
    changes: dict[str, Any] = {}
    events: list[dict[str, Any]] = []
    history = delivery.get("history") or ()
    known = {(event["state"], event.get("words", "")) for event in history}
    for receipt in sorted(receipts, key=_order):
        event, words = receipt["event"], words_of(receipt)
        if (event, words) not in known and len(known) < MOST_EVENTS:
            known.add((event, words))
            events.append({"at": receipt["at"], "state": event, "words": words})
        rank = RANKS.get(after)
        if rank is None or RANKS[event] < rank:
            continue
        if RANKS[event] > rank:
            after = event
            changes |= {"state": event, "next_at": None, "reason": None if event == State.DELIVERED else words}
            if delivery.get("sent_at") is None:
                changes.setdefault("sent_at", receipt["at"])
        elif event == State.BOUNCED and is_hard(receipt) and words != changes.get("reason", delivery.get("reason")):
            changes["reason"] = words
    if not changes and not events:
        return None
    return Step(before=before, after=after, changes=changes, events=events)


def words_of(receipt: Raw) -> str:
    """The vendor's words, or ours for what happened."""
    return receipt.get("reason") or _WORDS[receipt["event"]]


def _order(receipt: Raw) -> tuple[int, bool, Any]:
    return RANKS[receipt["event"]], is_hard(receipt), receipt["at"]
