"""Open pages end with the session they were opened in.

A socket is authorised once, when its page is built. So each web process asks every few seconds whether the members who
have pages open may still have them: one query for all, none when nobody is there.
"""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

import structlog
from nicegui import Client, background_tasks
from pymongo.errors import PyMongoError

from app.database import collection
from app.errors import Unavailable
from models.member import Member

LOOK_SECONDS = 5
log = structlog.get_logger(__name__)
_watched: WeakKeyDictionary[Client, tuple[object, int, str]] = WeakKeyDictionary()


def watch(client: Client, member: Member) -> None:
    """End this page when the member's sessions end, the role changes or the member is set inactive."""
    _watched[client] = (member.id, member.token_version, str(member.role))


async def look_once() -> int:
    """Send the pages whose session is over to sign-in; answers how many."""
    open_pages = {client: seen for client, seen in _watched.items() if client.has_socket_connection}
    if not open_pages:
        return 0
    ids = list({seen[0] for seen in open_pages.values()})
    valid = {
        (raw["_id"], raw.get("token_version", 0), raw["role"])
        async for raw in collection("members").find(
            {"_id": {"$in": ids}, "active": True}, {"token_version": 1, "role": 1}
        )
    }
    over = [client for client, seen in open_pages.items() if seen not in valid]
    for client in over:
        _watched.pop(client, None)
        client.open("/signin")
    return len(over)


async def _look_for_ever() -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await look_once()
        except (PyMongoError, Unavailable) as problem:
            log.debug("sessions_not_checked", error=str(problem)[:200])


def start() -> None:
    """Begin to look, on the loop of the web process."""
    background_tasks.create(_look_for_ever(), name="sessions")
