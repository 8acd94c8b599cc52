"""What a page that is open in many tabs costs the web process while a campaign runs, and how far behind the tabs are.

    .venv/bin/python benchmarks/tabs.py [--tabs 100] [--rate 1000] [--seconds 20] [--seen 100]

Starts `cohort web` on servers of its own. The tabs speak NiceGUI's protocol over websockets (Engine.IO 4, Socket.IO 5):
the handshake, the answers to pings and the acknowledgements of a browser; `--seen` of them say that their list of
latest messages is in sight. The campaign is moved as a sender moves it: deliveries are written, the chunks' tallies are
counted up, pages are hinted. CPU is the web process's user and system time from /proc; the lag of an update is the time
from the moment its numbers were read (`data-at` in it) until it has arrived in the tab.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import socket
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from bson import ObjectId
from websockets.asyncio.client import connect

from app import database
from app.auth.session import COOKIE
from app.auth.sessions import SESSION_SECONDS, Arrival, begin_session
from app.auth.tokens import issue_access
from app.campaigns.record.progress import publish_hint
from app.campaigns.record.signals import close_signals
from app.database import collection
from app.embedded import embedded_servers
from app.settings import Settings, read_settings, use_settings
from models import Campaign, Member
from models.campaign import CampaignState, Channel
from models.chunk import ChunkState
from models.member import Role
from models.values import now

CHUNK = 500
SECRET = "s" * 40
AT = re.compile(r'"data-at":"([^"]+)"')
CLIENT = re.compile(r"'client_id': '([0-9a-f-]{36})'")
ACK_SECONDS = 3.0


class Tab:
    """One open page, as a browser holds it."""

    def __init__(self, base: str, path: str, cookie: str) -> None:
        self.base, self.path, self.cookie = base, path, cookie
        self.lags: list[float] = []
        self.messages = 0
        self.bytes = 0
        self._next = 0

    async def open(self, http: httpx.AsyncClient, *, seen: bool) -> None:
        page = (await http.get(self.path)).text
        found = CLIENT.search(page)
        assert found, page[:500]
        self.client = found[1]
        query = {
            "client_id": self.client,
            "next_message_id": 0,
            "implicit_handshake": "true",
            "document_id": str(uuid.uuid4()),
            "tab_id": str(uuid.uuid4()),
            "old_tab_id": "null",
            "EIO": 4,
            "transport": "websocket",
        }
        url = f"{self.base.replace('http', 'ws')}/_nicegui_ws/socket.io/?{urlencode(query)}"
        headers = {"Cookie": f"{COOKIE}={self.cookie}"}
        self.socket = await connect(url, additional_headers=headers, origin=self.base, max_size=None)  # type: ignore[arg-type]  # an Origin is text
        assert str(await self.socket.recv()).startswith("0")
        await self.socket.send("40")
        while not str(await self.socket.recv()).startswith("40"):
            pass
        self.reader = asyncio.create_task(self._read())
        self.acks = asyncio.create_task(self._acknowledge())
        if seen:
            await self._say_seen(page)

    async def _say_seen(self, page: str) -> None:
        raw = re.search(r"String\.raw`(.*?)`", page, re.DOTALL)
        assert raw
        text = raw[1]
        for code, letter in (("&#36;", "$"), ("&#96;", "`"), ("&gt;", ">"), ("&lt;", "<"), ("&amp;", "&")):
            text = text.replace(code, letter)
        for id, element in json.loads(text).items():
            for event in element.get("events", ()):
                if event["type"] == "seen":
                    said = {"id": int(id), "client_id": self.client, "listener_id": event["listener_id"]}
                    await self.socket.send("42" + json.dumps(["event", {**said, "args": ["true"]}]))
                    return
        raise AssertionError("the page has no tail")

    async def _read(self) -> None:
        async for message in self.socket:
            arrived = datetime.now(UTC)
            text = message if isinstance(message, str) else message.decode()
            if text == "2":
                await self.socket.send("3")
                continue
            self.messages += 1
            self.bytes += len(text)
            if number := re.search(r'"_id":(\d+)\}\]$', text):
                self._next = int(number[1]) + 1
            if at := AT.search(text):
                self.lags.append((arrived - datetime.fromisoformat(at[1])).total_seconds())

    async def _acknowledge(self) -> None:
        while True:
            await asyncio.sleep(ACK_SECONDS)
            said = {"client_id": self.client, "next_message_id": self._next}
            await self.socket.send("42" + json.dumps(["ack", said]))

    async def close(self) -> None:
        self.acks.cancel()
        await self.socket.close()
        with contextlib.suppress(asyncio.CancelledError):
            await self.reader


async def make_campaign(people: int) -> Campaign:
    """A running campaign of so many people, all pending."""
    campaign = await Campaign(
        name="Winter", subject="Hello", body="Hi", channel=Channel.OUTBOX, state=CampaignState.RUNNING, audience=people
    ).insert()
    rows = [
        {
            "_id": f"{campaign.id}:{n}",
            "campaign_id": campaign.id,
            "n": n,
            "customer_ids": [],
            "size": CHUNK,
            "state": ChunkState.LEASED,
            "tally": {},
        }
        for n in range(people // CHUNK)
    ]
    await collection("chunks").insert_many(rows)
    return campaign


async def move(campaign: Campaign, rate: int, stop: asyncio.Event) -> int:
    """Send at this rate until told to stop, chunk after chunk; how many were sent."""
    assert campaign.id is not None
    step = 0.05
    batch = max(1, round(rate * step))
    begun, sent = time.monotonic(), 0
    while not stop.is_set():
        moment = now()
        ids = [ObjectId() for _ in range(batch)]
        await collection("deliveries").insert_many([_delivery(campaign, id, sent, moment) for id in ids], ordered=False)
        await collection("chunks").update_one(
            {"_id": f"{campaign.id}:{sent // CHUNK}"}, {"$inc": {"tally.sent": batch}}
        )
        sent += batch
        await publish_hint(campaign.id)
        await asyncio.sleep(max(0.0, begun + sent / rate - time.monotonic()))
    return sent


def _delivery(campaign: Campaign, customer: ObjectId, sent: int, moment: datetime) -> dict[str, Any]:
    return {
        "_id": f"{campaign.id}:{customer}",
        "campaign_id": campaign.id,
        "customer_id": customer,
        "chunk": sent // CHUNK,
        "state": "sent",
        "channel": "outbox",
        "address": f"{str(customer)[-8:]}@example.com",
        "domain": "example.com",
        "name": f"Person {str(customer)[-8:]}",
        "reason": None,
        "attempts": 1,
        "created_at": moment,
        "updated_at": moment,
        "sent_at": moment,
    }


def cpu_seconds(pid: int) -> float:
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.asynccontextmanager
async def web(settings: Settings, folder: Path) -> AsyncIterator[tuple[str, int]]:
    """`cohort web` on a free port: its address and process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = {
        "MONGODB_URL": settings.mongodb_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": SECRET,
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "DATA_DIR": str(folder),
    }
    command = [sys.executable, "-m", "app.cli", "web"]
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **given}, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    base = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(timeout=5) as http:
            for _ in range(200):
                with contextlib.suppress(httpx.HTTPError):
                    if (await http.get(f"{base}/readyz")).status_code == 200:
                        break
                await asyncio.sleep(0.1)
        yield base, process.pid
    finally:
        process.terminate()
        await process.wait()


async def measure(base: str, pid: int, cookie: str, *, tabs: int, seen: int, rate: int, seconds: float) -> None:
    """One run: open the tabs, move a campaign, say what it cost."""
    campaign = await make_campaign(CHUNK * (int(rate * (seconds + 60)) // CHUNK + 1))
    http = httpx.AsyncClient(base_url=base, cookies={COOKIE: cookie}, timeout=30)
    opened = [Tab(base, f"/campaigns/{campaign.id}", cookie) for _ in range(tabs)]
    for number, tab in enumerate(opened):
        await tab.open(http, seen=number < seen)
    stop = asyncio.Event()
    mover = asyncio.create_task(move(campaign, rate, stop))
    await asyncio.sleep(3)
    for tab in opened:
        tab.lags.clear()
        tab.messages = tab.bytes = 0
    before, begun = cpu_seconds(pid), time.monotonic()
    await asyncio.sleep(seconds)
    took, used = time.monotonic() - begun, cpu_seconds(pid) - before
    stop.set()
    sent = await mover
    lags = sorted(lag for tab in opened for lag in tab.lags)
    worst = [max(tab.lags) for tab in opened if tab.lags]
    print(f"{tabs} tabs, {seen} of them seen, {sent / (took + 3):,.0f} messages/s:")
    print(f"  CPU of the web process  {used / took:.1%} of one core")
    if lags:
        per_tab = len(lags) / tabs / took
        print(f"  updates a tab a second  {per_tab:.1f}, {sum(t.bytes for t in opened) / tabs / took / 1024:.1f} KB")
        print(f"  CPU per update          {used / len(lags) * 1e6:.0f} us")
        median = statistics.median(lags)
        print(f"  lag                     median {median * 1000:.0f} ms, worst {max(worst) * 1000:.0f} ms")
    for tab in opened:
        await tab.close()
    await http.aclose()
    await collection("campaigns").update_one({"_id": campaign.id}, {"$set": {"state": CampaignState.CANCELLED}})


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--tabs", type=int, default=100)
    arguments.add_argument("--seen", type=int, default=None, help="how many show the latest messages (all)")
    arguments.add_argument("--rate", type=int, default=1_000, help="messages a second")
    arguments.add_argument("--seconds", type=float, default=20)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="cohort-tabs-") as name:
        folder = Path(name)
        own = read_settings(_env_file=None, data_dir=folder, mongodb_url="", redis_url="", secret_key=SECRET)
        async with embedded_servers(own) as settings:
            use_settings(settings)
            await database.connect(settings.mongodb_url)
            member = await Member(email="owner@example.com", name="Owner", role=Role.OWNER).insert()
            session = await begin_session(member, Arrival(kind="browser", how="password"))
            cookie = issue_access(session, member, SESSION_SECONDS)
            async with web(settings, folder / "web") as (base, pid):
                runs = (
                    [(given.tabs, given.seen)]
                    if given.seen is not None
                    else [(0, 0), (given.tabs, 1), (given.tabs, given.tabs)]
                )
                for tabs, seen in runs:
                    await measure(base, pid, cookie, tabs=tabs, seen=seen, rate=given.rate, seconds=given.seconds)
            await close_signals()
            await database.disconnect()


if __name__ == "__main__":
    asyncio.run(main())
