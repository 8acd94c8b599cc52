"""What makes the audit log one that shows when it was changed.

Each line is sealed with HMAC-SHA256 over its content and the seal before it (a hash chain, Schneier and Kelsey 1999),
under a key made from SECRET_KEY. So who can write to the database alone can neither change a line nor take one out
without the next seal telling. Taking the last lines away is told by the head, which is kept in the data folder too.

After a change of SECRET_KEY the lines before are checked with the former key; a line under the present one comes after
them and vouches for them. So who learnt the former key cannot write the log anew: its end would be missing.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.database import collection
from app.keyring import Key, keys, present_key
from app.settings import get_settings

USE = "audit"

FIRST = "0" * 64
"""Stands for the seal before the first line."""

SEALED = ("_id", "at", "member_id", "member", "via", "address", "action", "object_id", "object_name", "before", "after")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`lines` were read; `broken_at` is the number of the first that is not what was written, `why` says how."""

    lines: int
    broken_at: int | None = None
    why: str = ""


def seal(line: Mapping[str, Any], previous: str) -> str:
    """The present key's seal of a raw line after one with the seal `previous`, as 64 hexadecimal digits."""
    return _seal(present_key(), line, previous)


def is_under_present_key(line: Mapping[str, Any], previous: str) -> bool:
    """Whether this line bears the present key's seal."""
    return hmac.compare_digest(seal(line, previous), str(line.get("seal")))


async def verify() -> Verdict:
    """Read the whole log and check every seal: about 20,000 lines a second."""
    known, head = keys(), read_head()
    previous, expected = FIRST, 1
    former_from: int | None = None
    async for line in collection("audit").find({}).sort("_id", 1):
        if line["_id"] != expected:
            return Verdict(lines=expected - 1, broken_at=expected, why=f"line {expected} is missing")
        sealed = str(line.get("seal"))
        fitting = (age for age, key in enumerate(known) if hmac.compare_digest(_seal(key, line, previous), sealed))
        age = next(fitting, None)
        if age is None:
            return Verdict(lines=expected - 1, broken_at=expected, why=f"line {expected} is not what was written")
        former_from = None if age == 0 else former_from or expected
        previous, expected = line["seal"], expected + 1
    if head is not None and head[0] >= expected:
        return Verdict(lines=expected - 1, broken_at=expected, why=f"lines {expected} to {head[0]} are missing")
    if head is not None and not await _stands(head):
        why = f"line {head[0]} is not the one this machine wrote: lines were taken away and others put in their place"
        return Verdict(lines=expected - 1, broken_at=head[0], why=why)
    if former_from is not None:
        why = f"lines {former_from} to {expected - 1} are sealed with a former key alone"
        return Verdict(lines=former_from - 1, broken_at=former_from, why=why)
    return Verdict(lines=expected - 1)


async def advance_head(number: int, sealed: str, previous: str) -> None:
    """Note how far the log goes, outside of the database. A disk that is full costs this alone.

    The head moves on only from a line that is still there: else lines were taken from the end, and a log that has grown
    again since must not cover that up.
    """
    head = await asyncio.to_thread(read_head)
    follows = head is None or (head[0] == number - 1 and head[1] == previous)
    if follows or (head is not None and head[0] < number - 1 and await _stands(head)):
        await asyncio.to_thread(_keep_head, number, sealed)


async def _stands(head: tuple[int, str]) -> bool:
    """Whether the line that the head names is in the log as it was written."""
    line = await collection("audit").find_one({"_id": head[0]}, {"seal": 1})
    return line is not None and hmac.compare_digest(str(line.get("seal")), head[1])


def _keep_head(number: int, sealed: str) -> None:
    path = get_settings().data_dir / "audit_head"
    try:
        path.write_text(f"{number} {sealed}\n", encoding="ascii")
    except OSError:
        return


def read_head() -> tuple[int, str] | None:
    """The number and seal of the last line that this machine wrote."""
    try:
        number, _, sealed = (get_settings().data_dir / "audit_head").read_text(encoding="ascii").strip().partition(" ")
        return int(number), sealed
    except (OSError, ValueError):
        return None


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="milliseconds")
    return str(value)


def _seal(key: Key, line: Mapping[str, Any], previous: str) -> str:
    content = json.dumps({name: line.get(name) for name in SEALED}, sort_keys=True, default=_text, ensure_ascii=True)
    return hmac.new(key.derived(USE), f"{previous}\n{content}".encode(), hashlib.sha256).hexdigest()
