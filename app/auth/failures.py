"""Failed sign-ins in the audit log, counted together so that nobody can flood it.

The first failure for a member (or for addresses that nobody here has) from one network in an hour is a line, then the
tenth, the hundredth and so on, each with the count so far; after `MOST_LINES` lines in an hour one more says that the
rest is not listed. What was typed is not kept: people type passwords into the wrong field. Nobody waits for a line to
be written, so its time tells nothing about who is a member.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from ipaddress import ip_address, ip_network
from typing import Literal

import structlog
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from app.audit import Origin, asked_from, note
from app.auth.strangers import somebody
from app.campaigns.record.signals import signals
from app.database import collection
from app.errors import CohortError
from models.values import fold

WINDOW_SECONDS = 3600
MOST_LINES = 100
Why = Literal["password", "code", "throttled", "provider"]

log = structlog.get_logger(__name__)
_noting: set[asyncio.Task[None]] = set()


def note_failure(address: str, email: str, why: Why) -> None:
    """Have this failure counted, and noted when it is time for a line."""
    task = asyncio.get_running_loop().create_task(_note(address, fold(email), why))
    _noting.add(task)
    task.add_done_callback(_noting.discard)


async def settled() -> None:
    """Return when everything that `note_failure` was told is written."""
    while _noting:
        await asyncio.wait(set(_noting))


def network_of(address: str) -> str:
    """The /24 of an IPv4 address, the /64 of an IPv6 one: what one attacker has at hand."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return str(ip_network(f"{mapped}/{24 if mapped.version == 4 else 64}", strict=False))


async def _note(address: str, email: str, why: Why) -> None:
    asked_from.set(Origin("sign-in", address))
    try:
        wanted = email.encode("utf-8", "replace").decode()[:320]
        row = await collection("members").find_one({"email": wanted}, {"email": 1}) or {}
        network, whom = network_of(address), str(row.get("_id", "nobody"))
        count = await _counted(f"{network} {whom} {why}")
        if not _is_power_of_ten(count):
            return
        lines = await _counted("lines")
        if lines > MOST_LINES + 1:
            return
        if lines == MOST_LINES + 1:
            await note(somebody(), "sign-in.fail", after={"more": "further failures of this hour are not listed"})
            return
        after = {"count": count, "network": network, "why": why, "known": bool(row)}
        await note(somebody(), "sign-in.fail", id=row.get("_id", ""), name=row.get("email", ""), after=after)
    except (RedisError, PyMongoError, CohortError, OSError) as problem:
        log.warning("a failed sign-in is not in the audit log", error=type(problem).__name__)


async def _counted(what: str) -> int:
    """How often in this hour, this time included. Hashed, so that Redis holds no addresses."""
    digest = hashlib.sha256(what.encode("utf-8", "replace")).hexdigest()[:32]
    key = f"signin:failed:{int(time.time()) // WINDOW_SECONDS}:{digest}"
    async with signals().pipeline(transaction=True) as pipe:
        pipe.incr(key)
        pipe.expire(key, 2 * WINDOW_SECONDS)
        count, _ = await pipe.execute()
    return int(count)


def _is_power_of_ten(count: int) -> bool:
    return str(count).strip("0") == "1"
