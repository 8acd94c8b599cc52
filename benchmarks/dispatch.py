"""How fast campaigns leave, against floors and peers measured in the same run.

    .venv/bin/python benchmarks/dispatch.py [--people 100000] [--processes 2] [--million] [null] [bull] [smtp]

- null: whole campaigns, from launch to done, through the queue and worker processes into a channel that accepts
  everything; the floor is a bare loop of insert_many and update_many in micro-batches of 50. Cost per message (CPU of
  workers, mongod and Valkey) for 10,000 people, for `--people`, and with --million for 1,000,000.
- bull: the same number of people through npm bull, one job and one insert each, on the same mongod and Valkey
  (benchmarks/peers; needs node and npm). Timed from the first job added, with workers waiting, because ours is timed
  from launch, with its audience still to be frozen; and with a queue filled before the clock starts, which is less than
  ours has to do. Both leave out counting, which ours does all the time.
- smtp: into a loopback server, against the same pipeline over aiosmtplib's own loop, and against bare clients that
  pipeline and keep no ledger. Two send each person their own mail, made by our renderer from customers in memory: one
  as it is written with asyncio's streams, one that spares everything, with the next envelope behind each content. One
  sends the same bytes to everybody, which no campaign can do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import structlog
from dispatching.load import Used, draft, fill, is_done, launch, reload, servers_below

from app import database as db
from app.campaigns.record.progress import counts_of
from app.database import collection
from app.embedded import embedded_servers
from app.settings import Settings, read_settings, use_settings

HERE = Path(__file__).resolve().parent
BATCH = 50
LANES = 8
PARTS = ("null", "bull", "smtp")
BARE = {"streams, a mail for each": "streams", "a mail for each": "own", "one mail for all": "same"}
TURNS = 5
LOOK_SECONDS = 0.05
"""How often the end of a campaign is looked for, as Bull's is."""
LOOKS_A_COUNT = 5
"""Every so many looks the counts are read too, as a page does."""


@dataclass(frozen=True)
class Run:
    """One campaign: messages a second, microseconds of CPU for each by workers and servers, megabytes of a worker."""

    rate: float
    workers: float
    servers: float
    memory: float

    def __str__(self) -> str:
        cost = f"{self.workers:4.0f} us + {self.servers:3.0f} us of servers"
        return f"{self.rate:8,.0f}/s   CPU a message {cost}   worker {self.memory:4.0f} MB"


async def main(people: int, processes: int, million: bool, parts: Sequence[str]) -> None:
    """Measure and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory(prefix="cohort-bench-") as folder:
        base = read_settings(
            _env_file=None, data_dir=Path(folder), mongodb_url="", redis_url="", smtp_url="", secret_key="k" * 40
        )
        async with embedded_servers(base) as settings:
            use_settings(settings)
            await db.connect(settings.mongodb_url)
            ours = await null(settings, people, processes, million) if "null" in parts else None
            if "bull" in parts:
                await bull(settings, people, processes, ours)
            if "smtp" in parts:
                await smtp(settings, people, processes)
            await db.disconnect()


async def null(settings: Settings, people: int, processes: int, million: bool) -> Run:
    """The whole pipeline but the mail."""
    filled, ours = 0, None
    for size in sorted({min(10_000, people), people} | ({1_000_000} if million else set())):
        await fill(size, before=filled)
        filled = size
        run = await campaign(settings, "null", size, processes)
        print(f"null, {processes} processes, {size:9,}   {run}   load {os.getloadavg()[0]:.1f}", flush=True)
        ours = run if size == people else ours
    assert ours is not None
    floor = await ledger_floor(people)
    print(f"floor, insert_many + update_many {floor:8,.0f}/s   ratio {ours.rate / floor:.2f}", flush=True)
    return ours


async def campaign(settings: Settings, transport: str, people: int, processes: int) -> Run:
    """A campaign from launch to done, with worker processes that are up already; its counts add up at every look."""
    workers = [await start_worker(settings, transport) for _ in range(processes)]
    servers = list(servers_below(os.getpid()).values())
    try:
        before = [sum(Used.by(pid).cpu for pid in pids) for pids in ([w.pid for w in workers], servers)]
        drafted = await draft()
        started = time.perf_counter()
        running = await launch(drafted)
        looks = 0
        while not await is_done(running):
            assert time.perf_counter() - started < 60 + people / 200, "the campaign does not end"
            assert looks % LOOKS_A_COUNT or (await counts_of(await reload(running))).adds_up
            looks += 1
            await asyncio.sleep(LOOK_SECONDS)
        took = time.perf_counter() - started
        after = [sum(Used.by(pid).cpu for pid in pids) for pids in ([w.pid for w in workers], servers)]
        memory = max(Used.by(worker.pid).memory for worker in workers)
        assert (await counts_of(await reload(running))).sent == people
    finally:
        for worker in workers:
            worker.terminate()
        await asyncio.gather(*(worker.wait() for worker in workers))
    await collection("deliveries").delete_many({})
    await collection("campaigns").delete_many({})
    used = [(late - early) / people * 1e6 for early, late in zip(before, after, strict=True)]
    return Run(people / took, used[0], used[1], memory)


async def start_worker(settings: Settings, transport: str) -> asyncio.subprocess.Process:
    """A worker that has said it is ready."""
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, str(HERE / "dispatching" / "worker.py"), settings.mongodb_url, settings.redis_url),
        *(str(settings.data_dir), transport),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert worker.stdout is not None
    said = b""
    while b"worker ready" not in said:
        line = await worker.stdout.readline()
        if not line:
            raise SystemExit(f"The worker did not start:\n{said.decode()}")
        said += line
    asyncio.get_running_loop().create_task(worker.stdout.read())
    return worker


async def ledger_floor(people: int) -> float:
    """Micro-batches as `sending` rows that are updated, and nothing else: one process, eight at once."""
    numbers = iter(range(0, people, BATCH))
    floor = collection("floor")

    async def lane() -> None:
        for start in numbers:
            ids = [f"campaign:{number}" for number in range(start, min(start + BATCH, people))]
            await floor.insert_many([{"_id": id, "state": "sending", "campaign_id": 1} for id in ids], ordered=False)
            await floor.update_many({"_id": {"$in": ids}}, {"$set": {"state": "sent"}})

    started = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(LANES)))
    took = time.perf_counter() - started
    await floor.drop()
    return people / took


async def bull(settings: Settings, people: int, processes: int, ours: Run | None) -> None:
    """The peer on Node, installed into a folder of this run."""
    if not (shutil.which("node") and shutil.which("npm")):
        print("bull: left out, because node and npm are not installed")
        return
    modules = settings.data_dir / "peers"
    modules.mkdir()
    shutil.copy(HERE / "peers" / "package.json", modules)
    install = await asyncio.create_subprocess_exec(
        *("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"), cwd=modules
    )
    if await install.wait():
        print("bull: left out, because npm could not install it")
        return
    socket = urlsplit(settings.redis_url).path
    for how in ("adding included", "filled beforehand"):
        peer = await asyncio.create_subprocess_exec(
            *("node", str(HERE / "peers" / "bull.js"), socket, settings.mongodb_url, str(people), str(processes)),
            *(str(modules), ",".join(map(str, servers_below(os.getpid()).values()))),
            *(["FILLED"] if how == "filled beforehand" else []),
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await peer.communicate()
        found = json.loads(said)
        assert found["inserted"] == people
        rate = people / found["seconds"]
        cost = found["cpu"] / people * 1e6
        load = os.getloadavg()[0]
        print(f"bull, {processes} processes, {how:17} {rate:8,.0f}/s   CPU a message {cost:4.0f} us   load {load:.1f}")
        if ours:
            share = cost / (ours.workers + ours.servers)
            print(
                f"  ours is {ours.rate / rate:.1f} times as fast, with {share:.1f} times less CPU a message", flush=True
            )


async def smtp(settings: Settings, people: int, processes: int) -> None:
    """Into a sink that takes everything. Ours and its closest rival take turns, because a machine's speed may change
    from one minute to the next.
    """
    await collection("customers").delete_many({})
    await fill(people)
    sink = await asyncio.create_subprocess_exec(
        sys.executable, str(HERE / "dispatching" / "sink.py"), stdout=asyncio.subprocess.PIPE
    )
    assert sink.stdout is not None
    bare: dict[str, list[tuple[float, float]]] = {name: [] for name in BARE}
    ours: list[Run] = []
    try:
        port = int(await sink.stdout.readline())
        for _ in range(TURNS):
            for name, content in BARE.items():
                bare[name].append(await bare_rate(port, people, processes, content))
            ours.append(await campaign(settings, f"smtp://127.0.0.1:{port}?starttls=never", people, processes))
            print(f"smtp, {processes} processes, {people:9,}   {ours[-1]}   load {os.getloadavg()[0]:.1f}", flush=True)
            for name, found in bare.items():
                rate, cpu = found[-1]
                print(f"  bare client, {name:24} {rate:8,.0f}/s   CPU a message {cpu:4.0f} us", flush=True)
        plain = await campaign(settings, f"plain:{port}", people, processes)
    finally:
        sink.terminate()
        await sink.wait()
    assert int(await sink.stdout.read()) == (1 + TURNS * (1 + len(BARE))) * people
    middle = median(run.rate for run in ours)
    print(f"  the same over aiosmtplib's loop   {plain}   ratio {middle / plain.rate:.2f}")
    for name, found in bare.items():
        ratios = [run.rate / rate for run, (rate, _) in zip(ours, found, strict=True)]
        print(f"  bare client, {name:24} ratio {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


async def bare_rate(port: int, people: int, processes: int, content: str) -> tuple[float, float]:
    """The bare client in as many processes: mails a second, and microseconds of CPU for each."""
    share = people // processes
    sizes = [share + (people - share * processes if number == 0 else 0) for number in range(processes)]
    clients = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, str(HERE / "dispatching" / "bare.py"), str(port), str(size), content),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for size in sizes
    ]
    for client in clients:
        assert client.stdout is not None
        await client.stdout.readline()
    async with asyncio.timeout(300):
        answers = await asyncio.gather(*(client.communicate(b"go\n") for client in clients))
    found = [tuple(map(float, said.split())) for said, _ in answers]
    return people / max(took for took, _ in found), sum(cpu for _, cpu in found) / people * 1e6


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--million", action="store_true")
    given = parser.parse_args()
    asyncio.run(main(given.people, given.processes, given.million, given.parts or PARTS))
