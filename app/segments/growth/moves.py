"""Moves between two records: made when a segment is recorded, and joined into one when records are looked back over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.segments.growth import bits, causes
from app.segments.growth.membership import Known, flips, members
from app.segments.rule.nodes import Condition, Group


@dataclass(frozen=True)
class Moved:
    """The customers whom one cause moved in one direction."""

    cause: Mapping[str, Any]
    joined: bool
    who: int


@dataclass(frozen=True, kw_only=True)
class Before:
    """What the record before saw. `rule` is None, and `known` empty of conditions, when it can no longer be read."""

    rule: Group | None
    version: int
    members: int
    known: Known


def moves_since(
    before: Before, after: Known, rule: Group, version: int, *, erased: int, never_ordered: int
) -> list[Moved]:
    """Everybody whose membership differs from the record before, each with one cause. `erased`: since then.
    `never_ordered` are those without a last order now.

    First who came and who went as a customer, then whose data were erased, then whom the conditions of the rule before
    moved, and what is left is due to the change of the rule: its conditions, as they are true now, would have them
    elsewhere.
    """
    now = members(rule, after)
    changed = before.members ^ now
    found: list[Moved] = []

    def take(cause: Mapping[str, Any], who: int) -> None:
        nonlocal changed
        who &= changed
        changed &= ~who
        for joined, part in ((True, who & now), (False, who & ~now)):
            if part:
                found.append(Moved(cause, joined, part))

    take(causes.NEW, after.alive & ~before.known.alive)
    take(causes.DELETED, before.known.alive & ~after.alive)
    take(causes.ERASED, erased)
    if changed and before.rule is not None:
        moved = (before.members ^ members(before.rule, after)) & changed
        for flip in flips(before.rule, before.known, after, moved):
            leaf = flip.leaf
            if not flip.now and isinstance(leaf, Condition) and leaf.field == "last_order_at":
                take(causes.condition_changed(flip, empty=True), flip.moved & never_ordered)
            take(causes.condition_changed(flip), flip.moved)
        if before.version != version:
            take(causes.rule_changed(before.version, version), changed)
    take(causes.UNKNOWN, changed)
    return found


def net(records: Iterable[Sequence[Moved]], start: int, end: int) -> list[Moved]:
    """The moves of several records, newest first, as one: from the members `start` to the members `end`.

    Who is in both or in neither has not moved, whatever happened between. Everybody else has the cause of their latest
    move, and is counted once.
    """
    left = start ^ end
    found: dict[tuple[str, bool], Moved] = {}
    for record in records:
        moving = left
        for move in record:
            who = move.who & moving
            if not who:
                continue
            left &= ~who
            key = (repr(sorted(move.cause.items())), move.joined)
            known = found.get(key)
            found[key] = Moved(move.cause, move.joined, who | (known.who if known else 0))
        if not left:
            break
    return list(found.values())


def change(moves: Iterable[Moved]) -> int:
    """Everybody whose membership a record changed."""
    found = 0
    for move in moves:
        found |= move.who
    return found


def stored(moves: Iterable[Moved]) -> Iterator[dict[str, Any]]:
    """The moves as a record keeps them."""
    for move in moves:
        yield {
            "cause": dict(move.cause),
            "joined": move.joined,
            "count": move.who.bit_count(),
            "bits": bits.pack(move.who),
        }


def read(rows: Iterable[Mapping[str, Any]]) -> list[Moved]:
    """The moves of a stored record."""
    return [Moved(row["cause"], row["joined"], bits.unpack(row["bits"])) for row in rows]
