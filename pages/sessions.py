"""Open pages end with the session they were opened in.

A socket is authorised once, when its page is built. So each web process hears over Redis of members whose sessions
ended, and asks the database every few seconds besides: one query for all pages, none when nobody is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

import structlog
from beanie import PydanticObjectId
from bson import ObjectId
from nicegui import Client, background_tasks, core
from pymongo.errors import PyMongoError

from app.auth.sessions import live
from app.campaigns.record import signals
from app.database import collection
from app.errors import Unavailable
from models.member import Member
from models.values import now

LOOK_SECONDS = 5
LEAVE_SECONDS = 5
"""How long a browser has to go to sign-in before its socket is closed; its page is gone at once."""

RENEW_AFTER = timedelta(days=1)
"""A page that stays open for days asks for new cookies this long after the last ones, so that they never run out."""

ASK_AGAIN = timedelta(minutes=10)
RENEW = "fetch('/api/me',{credentials:'same-origin',cache:'no-store'}).catch(()=>{})"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Seen:
    """What a page was built for."""

    member_id: PydanticObjectId | None
    version: int
    role: str
    session_id: PydanticObjectId | None


_watched: WeakKeyDictionary[Client, _Seen] = WeakKeyDictionary()
_asked: WeakKeyDictionary[Client, datetime] = WeakKeyDictionary()
_listening: list[asyncio.Task[None]] = []


def watch(client: Client, member: Member) -> None:
    """End this page when its session ends, the role changes or the member is set inactive."""
    _watched[client] = _Seen(member.id, member.token_version, str(member.role), member.session_id)


def member_id_of(client: Client) -> PydanticObjectId | None:
    """The member whom this page was built for; None for one that anybody may have."""
    seen = _watched.get(client)
    return seen.member_id if seen else None


async def look_once(member_id: ObjectId | None = None) -> int:
    """End the pages, of this member or of all, whose session is over; answers how many."""
    pages = {
        client: seen
        for client, seen in _watched.items()
        if Client.instances.get(client.id) is client and member_id in (None, seen.member_id)
    }
    if not pages:
        return 0
    members = await _valid_members({seen.member_id for seen in pages.values()})
    renewed_at = await _sessions({seen.session_id for seen in pages.values()})
    over = [
        client
        for client, seen in pages.items()
        if (seen.member_id, seen.version, seen.role) not in members or seen.session_id not in renewed_at
    ]
    for client in over:
        _end(client)
    ending = set(over)
    _renew({seen.session_id: client for client, seen in pages.items() if client not in ending}, renewed_at)
    return len(over)


async def _valid_members(ids: Iterable[object]) -> set[tuple[object, int, str]]:
    found = collection("members").find({"_id": {"$in": list(ids)}, "active": True}, {"token_version": 1, "role": 1})
    return {(raw["_id"], raw.get("token_version", 0), raw["role"]) async for raw in found}


async def _sessions(ids: Iterable[object]) -> dict[object, datetime]:
    """When those that go on were renewed, by id."""
    found = collection("sessions").find({"_id": {"$in": list(ids)}, **live()}, {"renewed_at": 1})
    return {raw["_id"]: raw["renewed_at"] async for raw in found}


def _end(client: Client) -> None:
    """Nothing on the page can be used from this moment on, whether the browser goes to sign-in or not."""
    _watched.pop(client, None)
    client.open("/signin")
    client.remove_all_elements()
    background_tasks.create(_hang_up(client), name="ended page")


async def _hang_up(client: Client) -> None:
    """What is left of the page goes as NiceGUI lets every page go whose socket is gone."""
    await asyncio.sleep(LEAVE_SECONDS)
    for socket, _ in list(core.sio.manager.get_participants("/", client.id)):
        await core.sio.disconnect(socket)


def _renew(pages: dict[PydanticObjectId | None, Client], renewed_at: dict[object, datetime]) -> None:
    """Let one page of each session that was not renewed for a day fetch something: its browser gets new cookies."""
    moment = now()
    for session_id, client in pages.items():
        due = moment - renewed_at[session_id] > RENEW_AFTER
        asked = client in _asked and moment - _asked[client] < ASK_AGAIN
        if due and not asked and client.has_socket_connection:
            _asked[client] = moment
            client.run_javascript(RENEW)


async def _look_for_ever() -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        await _look()


async def _look(member_id: ObjectId | None = None) -> None:
    try:
        await look_once(member_id)
    except (PyMongoError, Unavailable) as problem:
        log.debug("sessions_not_checked", error=str(problem)[:200])


def _hear(text: str) -> None:
    if ObjectId.is_valid(text):
        background_tasks.create(_look(ObjectId(text)), name="sessions ended")


def start() -> None:
    """Begin to listen and to look, on the loop of the web process."""
    _listening.append(asyncio.get_running_loop().create_task(signals.follow(signals.SESSIONS, _hear)))
    background_tasks.create(_look_for_ever(), name="sessions")


async def stop() -> None:
    """Hear no more."""
    ending = list(_listening)
    _listening.clear()
    await signals.end_tasks(ending)
