"""Slips of the keyboard in the words of the language: one letter wrong in a word of five or more."""

from __future__ import annotations

from collections.abc import Iterable

CORRECTABLE = frozenset(
    [
        "customers",
        "customer",
        "orders",
        "ordered",
        "order",
        "purchase",
        "purchased",
        "purchases",
        "bought",
        "total",
        "spent",
        "birthday",
        "birthdays",
        "tagged",
        "category",
        "coupon",
        "segment",
        "segments",
        "campaign",
        "campaigns",
        "signed",
        "joined",
        "registered",
        "gender",
        "country",
        "average",
        "opened",
        "clicked",
        "received",
        "accepts",
        "subscribed",
        "people",
        "between",
        "women",
        "website",
        "female",
        "first",
    ]
)
"""Words that are worth correcting: those that name a field or a deed, never those that compare, deny or join."""

_REAL_WORDS = frozenset(
    [
        "gmail",
        "county",
        "counts",
        "sender",
        "tender",
        "mount",
        "tonal",
        "scent",
        "spend",
        "border",
        "borders",
        "bordered",
        "older",
        "elder",
        "custom",
        "costumes",
        "fired",
        "wooden",
        "women's",
        "coined",
        "singed",
        "sighed",
        "opener",
        "clicker",
        "male",
        "thirst",
        "burst",
        "total's",
        "purchaser",
        "purchasers",
        "orderer",
        "reopened",
        "recieve",
        "deceived",
        "relieved",
        "fist",
        "worders",
        "signet",
    ]
)


def corrected(word: str, known: Iterable[str] = ()) -> str | None:
    """The one correctable word that is a single slip away, or None.

    `known` adds words of the shop's own fields. A slip is a letter missing, added, changed, or two swapped
    (Damerau, 1964).
    """
    if len(word) < 5 or not word.isalpha() or word in _REAL_WORDS:
        return None
    near = {other for other in {*CORRECTABLE, *known} if len(other) >= 5 and _one_slip(word, other)}
    return near.pop() if len(near) == 1 else None


def _one_slip(word: str, other: str) -> bool:
    if word == other or abs(len(word) - len(other)) > 1:
        return False
    at = next((n for n, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    rest, kept = word[at:], other[at:]
    if len(word) == len(other):
        return rest[1:] == kept[1:] or (rest[:2] == kept[:2][::-1] and rest[2:] == kept[2:])
    return rest[1:] == kept if len(word) > len(other) else rest == kept[1:]
