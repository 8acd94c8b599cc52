"""Reads the counts all the time, over REST and from the database, and notes every read that does not add up."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import httpx
from bson import ObjectId
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from tests.chaos.shop import Shop
from tests.chaos.sink_log import MailSink

OUTCOMES = ("sent", "failed", "skipped", "held_out", "unknown")
PARTS = ("pending", *OUTCOMES)
FROZEN = ("running", "paused", "finishing", "done")


class Reader:
    """`wrong` is what was seen that must not be; `reads` and `refused` count answers and honest refusals."""

    def __init__(self, shop: Shop, mongodb_url: str, sink: MailSink, campaign_id: str, people: int) -> None:
        self.wrong: list[str] = []
        self.reads = 0
        self.looks = 0
        self.refused = 0
        self.state = ""
        self._shop = shop
        self._mongodb = AsyncMongoClient(mongodb_url, serverSelectionTimeoutMS=1_000, timeoutMS=3_000)
        self._sink = sink
        self._id = campaign_id
        self._people = people
        self._most_sent = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Reader:
        self._tasks = [asyncio.create_task(self._over_rest()), asyncio.create_task(self._from_database())]
        return self

    async def __aexit__(self, *_: object) -> None:
        # Again and again: a client that is just then opening a connection may swallow a cancellation.
        pending = {task for task in self._tasks if not task.done()}
        while pending:
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=0.5)
        await self._mongodb.close()

    async def _over_rest(self) -> None:
        while True:
            await asyncio.sleep(0.05)
            try:
                answer = await self._shop.client.get(f"/api/campaigns/{self._id}", timeout=10)
            except httpx.HTTPError:
                self.refused += 1
                continue
            if answer.status_code == 200:
                self.reads += 1
                self._check_answer(answer.json())
            elif answer.status_code == 503 and answer.headers["content-type"].startswith("application/problem+json"):
                self.refused += 1
            else:
                self._say(f"REST answered {answer.status_code}: {answer.text[:200]}")

    def _check_answer(self, campaign: dict[str, Any]) -> None:
        self.state = campaign["state"]
        counts = campaign["counts"]
        if counts["audience"] != sum(counts[part] for part in PARTS) or min(counts.values()) < 0:
            self._say(f"does not add up: {counts}")
        if self.state in FROZEN and counts["audience"] != self._people:
            self._say(f"an audience of {counts['audience']} instead of {self._people}")
        if counts["sent"] > self._sink.total():
            self._say(f"{counts['sent']} sent, and the mail server has {self._sink.total()}")
        if counts["sent"] < self._most_sent:
            self._say(f"sent went back from {self._most_sent} to {counts['sent']}")
        self._most_sent = max(self._most_sent, counts["sent"])

    async def _from_database(self) -> None:
        database = self._mongodb.get_default_database("cohort")
        mine = {"campaign_id": ObjectId(self._id)}
        while True:
            await asyncio.sleep(0.1)
            with contextlib.suppress(PyMongoError):
                chunks = await database["chunks"].find(mine, {"customer_ids": 0}).to_list()
                self.looks += 1
                for chunk in chunks:
                    known = sum(chunk["tally"].get(name, 0) for name in OUTCOMES)
                    if not 0 <= known <= chunk["size"] or (chunk["state"] == "done" and known != chunk["size"]):
                        self._say(f"chunk {chunk['n']} of {chunk['size']} is {chunk['state']} with {chunk['tally']}")

    def _say(self, what: str) -> None:
        if what not in self.wrong:
            self.wrong.append(what)
