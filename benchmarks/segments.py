"""How fast segments are counted, beside the best query that a person could write for the same rule by hand.

    .venv/bin/python benchmarks/segments.py [--customers 1000000] [--folder DIR] [--times 3] [--rules TEXT] [PART ...]

Parts: glimpse, exact, orders, language; all without any. --rules takes the rules whose name has this text. A million
customers with three million orders take six minutes to make; with --folder they are kept there for the next run. Each
rule is counted by Cohort and by every rival, and the least time of each counts. A rival may have an index of its own,
made for its rule alone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app import database
from app.auth.members import system_member
from app.embedded import embedded_servers
from app.segments.catalogue import load_catalogue
from app.segments.compile import compile_rule
from app.segments.compile.filters import rule_filter
from app.segments.explain.evaluate import evaluate
from app.segments.preview import condition_counts, glimpse, near_misses
from app.segments.preview.counting import count_rule
from app.segments.rule import parse_rule
from app.segments.rule.dates import clock_at
from app.segments.sentence import sentence
from app.settings import read_settings, use_settings
from benchmarks.segment_data import fill
from benchmarks.segment_rivals import EXACT, ORDERS, Case, Rival
from models.values import now

LONGEST_MS = 600_000
chosen = ""
"""What the names of the rules to be measured contain."""

MADE = "benchmark"
"""A collection that is there once the data is complete."""


async def main(arguments: argparse.Namespace) -> None:
    """Make the data unless the folder has it, then measure the parts."""
    global chosen
    with tempfile.TemporaryDirectory(prefix="cohort-benchmark-") as temporary:
        folder = Path(arguments.folder or temporary)
        base = read_settings(_env_file=None, data_dir=folder, mongodb_url="", redis_url="", secret_key="k" * 40)
        async with embedded_servers(base) as settings:
            use_settings(settings)
            await prepare(settings.mongodb_url, arguments.customers)
            chosen = arguments.rules
            parts = {"glimpse": glimpses, "exact": exact, "orders": orders, "language": language}
            for name in arguments.parts or parts:
                print(f"\n{name}   load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
                await parts[name](arguments.times)
            await database.disconnect()


async def prepare(url: str, size: int) -> None:
    """The shop, complete, with the indexes of the models."""
    await database.connect(url, indexes=False)
    made = await database.collection(MADE).find_one({})
    if made is None:
        started = time.perf_counter()
        await asyncio.to_thread(fill, url, size, now())
        await database.connect(url)
        await database.collection(MADE).insert_one({"customers": size, "today": now()})
        print(f"data made in {time.perf_counter() - started:.0f} s")
    else:
        await database.connect(url)
    counts = [
        await database.collection(name).estimated_document_count() for name in ("customers", "orders", "deliveries")
    ]
    print("{:,} customers, {:,} orders, {:,} deliveries".format(*counts))


async def milliseconds(work: Callable[[], Awaitable[Any]]) -> tuple[float, Any]:
    """How long it takes, and what comes of it."""
    started = time.perf_counter()
    found = await work()
    return (time.perf_counter() - started) * 1000, found


async def glimpses(times: int) -> None:
    """The first 20 members and an estimate; counts of single conditions and near misses beside it."""
    member = system_member()
    for case in only((*EXACT, *ORDERS)):
        taken, seen = [], None
        for _ in range(max(times, 5)):
            took, seen = await milliseconds(partial(glimpse, member, case.rule))
            taken.append(took)
        catalogue = await load_catalogue()
        true = await count_rule(
            parse_rule(case.rule, catalogue), catalogue, clock_at(now(), catalogue), longest_ms=LONGEST_MS
        )
        kind = "exact" if seen.exact else f"± {seen.margin:,}"
        print(
            f"{case.name:44} median {statistics.median(taken):6.1f} ms  most {max(taken):6.1f} ms"
            f"   {seen.estimate:>9,} {kind:>10}  truly {true:>9,}  {len(seen.sample)} people"
        )
    for name, look in (("each condition alone", condition_counts), ("near misses", near_misses)):
        took, _ = await milliseconds(partial(look, member, EXACT[1].rule))
        print(f"{name:44} {took:6.0f} ms")


async def exact(times: int) -> None:
    """Exact counts of rules about the customers' own fields."""
    for case in only(EXACT):
        await compare(case, times)


async def orders(times: int) -> None:
    """Exact counts of rules about orders and campaigns."""
    for case in only(ORDERS):
        await compare(case, times)


def only(cases: Sequence[Case]) -> list[Case]:
    """Those that were asked for."""
    return [case for case in cases if chosen in case.name]


async def compare(case: Case, times: int) -> None:
    """Ours beside every rival. Ours goes first, without the indexes that are made for rivals."""
    catalogue = await load_catalogue()
    clock = clock_at(now(), catalogue)
    rule = parse_rule(case.rule, catalogue)
    rivals = case.rivals(clock)
    ours, counted = await least(lambda: count_rule(rule, catalogue, clock, longest_ms=LONGEST_MS), times)
    theirs: dict[str, float] = {}
    for rival in rivals:
        theirs[rival.name], found = await _run(rival, times)
        assert found == counted, (case.name, rival.name, found, counted)
    # Once more at the end: what else runs on the machine may have come or gone meanwhile.
    again, _ = await least(lambda: count_rule(rule, catalogue, clock, longest_ms=LONGEST_MS), times)
    ours = min(ours, again)
    best = min(theirs, key=lambda name: theirs[name])
    told = ", ".join(f"{name} {took:.0f}" for name, took in theirs.items())
    print(f"{case.name:44} ours {ours:7.1f} ms  ratio {ours / theirs[best]:5.2f}  {counted:>9,}   by hand: {told}")


async def least(work: Callable[[], Awaitable[Any]], times: int) -> tuple[float, Any]:
    """The least time of several."""
    found = [await milliseconds(work) for _ in range(times)]
    return min(took for took, _ in found), found[0][1]


async def _run(rival: Rival, times: int) -> tuple[float, Any]:
    target = database.collection(rival.index[0]) if rival.index else None
    if target is not None and rival.index is not None:
        await target.create_index(rival.index[1], name="rival")
    try:
        return await least(rival.count, times)
    finally:
        if target is not None:
            await target.drop_index("rival")


async def language(times: int) -> None:
    """Compiling, saying and evaluating a rule of 50 conditions, without the database."""
    catalogue = await load_catalogue()
    moment = now()
    raw = {
        "combinator": "and",
        "rules": [
            {"combinator": "or", "rules": [condition for case in EXACT[:4] for condition in case.rule["rules"]][:5]}
            for _ in range(10)
        ],
    }
    rule = parse_rule(raw, catalogue)
    customer = await database.collection("customers").find_one({})
    assert customer is not None
    clock = clock_at(moment, catalogue)
    steps: dict[str, Callable[[], Any]] = {
        "parse": lambda: parse_rule(raw, catalogue),
        "compile": lambda: rule_filter(rule, catalogue.fields, clock),
        "sentence": lambda: sentence(rule, catalogue),
        "evaluate": lambda: evaluate(rule, customer, catalogue, now=moment),
    }
    for name, step in steps.items():
        print(f"{name:44} {_microseconds(step, times) / 1000:6.3f} ms for 50 conditions")
    took, _ = await least(lambda: compile_rule(rule, catalogue, now=moment), 50)
    print(f"{'compile_rule':44} {took:6.3f} ms for 50 conditions")


def _microseconds(step: Callable[[], Any], times: int) -> float:
    """The least mean of several runs of 200."""
    means = []
    for _ in range(max(times, 3)):
        started = time.perf_counter()
        for _ in range(200):
            step()
        means.append((time.perf_counter() - started) / 200)
    return min(means) * 1_000_000


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--folder", help="where the data is kept for the next run")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--rules", default="", metavar="TEXT")
    parser.add_argument("parts", nargs="*", metavar="PART")
    asyncio.run(main(parser.parse_args()))
