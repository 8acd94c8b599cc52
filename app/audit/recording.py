"""Writing the audit log."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from bson import ObjectId
from pymongo.errors import DuplicateKeyError, PyMongoError

from app.audit.chain import FIRST, advance_head, seal
from app.audit.origin import origin
from app.database import collection
from app.errors import Unavailable
from models.member import Member
from models.values import now

TRIES = 40
LONGEST_TEXT = 500
SECRET = ("password", "secret", "token", "digest", "hash", "totp", "recovery", "api_key")
"""A field with one of these in its name is said to have changed, and never to what."""

HIDDEN = "(not shown)"

log = structlog.get_logger(__name__)


async def note(
    member: Member,
    action: str,
    *,
    id: object = "",
    name: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    personal: bool = False,
) -> None:
    """Add a line: `member` did `action` ("segment.update") to the object with this id and name.

    Of `before` and `after` the fields that differ are kept, long texts cut, secrets hidden; of what is `personal` the
    names of the fields alone, because a person can ask to be forgotten and the log forgets nothing. Call it once the
    change is committed; a database that goes away just then leaves the line to the process's own log, and the change
    stands.
    """
    changed = _changed(before or {}, after or {}, personal=personal)
    where = origin()
    line: dict[str, Any] = {
        "at": now(),
        "member_id": member.id,
        "member": member.name or member.email,
        "via": "key" if member.scopes is not None else where.via,
        "address": where.address,
        "action": action,
        "object_id": str(id or ""),
        "object_name": _writable(name[:LONGEST_TEXT]),
        "before": changed[0],
        "after": changed[1],
    }
    try:
        async with _turn():
            await _append(line)
    except (PyMongoError, Unavailable) as problem:
        log.error("not in the audit log", problem=str(problem)[:300], action=action, object=str(id), by=str(member.id))


async def _append(line: dict[str, Any]) -> None:
    """After the last line. Two at once: one of them finds its number taken and reads the last line again."""
    audit = collection("audit")
    for tried in range(TRIES):
        last = await audit.find_one({}, {"seal": 1}, sort=[("_id", -1)])
        number, previous = (last["_id"] + 1, last["seal"]) if last else (1, FIRST)
        document = {"_id": number, **line}
        document["seal"] = seal(document, previous)
        try:
            await audit.insert_one(document)
        except DuplicateKeyError:
            await asyncio.sleep(random.uniform(0, 0.005 * (tried + 1)))
            continue
        await advance_head(number, document["seal"], previous)
        return
    raise Unavailable("too many lines at once")


def _turn() -> asyncio.Lock:
    """One line at a time in a process, so that only processes meet at the same number."""
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


def _changed(
    before: Mapping[str, Any], after: Mapping[str, Any], *, personal: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]

    def shown(values: Mapping[str, Any]) -> dict[str, Any]:
        return {_key(name): HIDDEN if personal else _shown(name, values[name]) for name in names if name in values}

    return shown(before), shown(after)


def _shown(name: str, value: Any) -> Any:
    if value not in (None, "") and any(word in name.lower() for word in SECRET):
        return HIDDEN
    return _plain(value)


def _plain(value: Any) -> Any:
    """Something that MongoDB gives back as it was, so that its seal still fits."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str):
        value = _writable(value)
        return value if len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]}…"
    if isinstance(value, Mapping):
        return {_key(str(name)): _shown(str(name), item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, ObjectId | Decimal):
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:LONGEST_TEXT]


def _writable(text: str) -> str:
    """Without halves of surrogate pairs, which no UTF-8 can hold."""
    return text.encode("utf-8", "replace").decode()


def _key(name: str) -> str:
    """A name MongoDB takes: no dots, no dollar in front, no NUL."""
    return _writable(name).replace(".", "·").replace("\0", "").lstrip("$")[:200] or "·"
