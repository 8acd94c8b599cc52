"""What recording segments costs, beside one bare pass over the ids of all customers; and two ways to compare segments.

    .venv/bin/python benchmarks/growth.py [--customers 100000] [--folder DIR]

There are three times as many orders as customers. A folder that `benchmarks/segments.py` filled is taken as it is; its
customers are changed by this.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import segment_data

from app import database
from app.auth.members import system_member
from app.database import collection
from app.embedded import embedded_servers
from app.segments import overlap
from app.segments.compile import compile_rule
from app.segments.growth import keeper
from app.segments.saved.current import read_rule
from app.segments.service import create_segment
from app.settings import read_settings, use_settings
from models import Segment
from models.values import now

CUSTOMERS = 100_000
CHANGED = "7$"
"""One customer in ten, by external id, moves to Pune and opts out between the two records."""


def _is(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def _all(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"combinator": "and", "rules": list(rules)}


RULES = {
    "1 condition on money": _all(_is("total_spent", ">", 200)),
    "2 conditions on rollups": _all(
        _is("last_order_at", "notInLast", {"amount": 90, "unit": "day"}), _is("total_spent", ">", 100)
    ),
    "1 condition on tags": _all(_is("tags", "anyOf", ["app"])),
    "1 condition on the city": _all(_is("city", "in", ["Mumbai", "Pune", "Delhi"])),
    "2 conditions, consent": _all(_is("email_opt_in", "=", True), _is("order_count", ">=", 2)),
    "1 condition on orders": _all(
        {**_is("orders", ">=", 1), "measure": "count", "where": _all(_is("category", "=", "Shoes"))}
    ),
}


async def main(size: int, folder: Path | None) -> None:
    """Fill a shop, record it twice, print ratios."""
    with tempfile.TemporaryDirectory(prefix="cohort-benchmark-") as name:
        data_dir = folder or Path(name)
        base = read_settings(_env_file=None, data_dir=data_dir, mongodb_url="", redis_url="", secret_key="k" * 40)
        async with embedded_servers(base) as settings:
            use_settings(settings)
            await database.connect(settings.mongodb_url, indexes=False)
            if await collection("customers").estimated_document_count():
                size = await collection("customers").estimated_document_count()
            else:
                await asyncio.to_thread(segment_data.fill, settings.mongodb_url, size, datetime.now(UTC))
            await database.connect(settings.mongodb_url)
            await bare()
            floor = min([(await timed(bare()))[0] for _ in range(3)])
            print(f"{size:,} customers; floor {floor:.2f} s: every id in order, nothing kept")
            segments = [await create_segment(system_member(), name=name, rule=rule) for name, rule in RULES.items()]
            await record(segments, floor, "first record")
            moved = {"city": "Pune", "folded.city": "pune", "email_opt_in": False}
            await collection("customers").update_many({"external_id": {"$regex": CHANGED}}, {"$set": moved})
            await record(segments, floor, "second, a tenth of all customers changed")
            await compare(segments)
            print(f"load of the machine {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
            await database.disconnect()


async def bare() -> None:
    """The floor: the ids of all customers in order, a batch at a time."""
    found = collection("customers").find_raw_batches({}, {"_id": 1}, sort=[("_id", 1)], batch_size=20_000)
    async for _ in found:
        pass


async def timed(work: Awaitable[Any]) -> tuple[float, Any]:
    """Seconds by the clock, and the result."""
    started = time.perf_counter()
    result = await work
    return time.perf_counter() - started, result


async def record(segments: list[Segment], floor: float, what: str) -> None:
    """A night, with the cost of each segment."""
    await collection("record_keepers").delete_many({})
    await collection("segment_states").update_many({}, {"$set": {"night": ""}})
    await collection("segment_records").update_many({}, [{"$set": {"occasion": {"$toString": "$_id"}}}])
    seconds, _ = await timed(keeper.record_due())
    print(f"\n{what}: {seconds:.2f} s for {len(segments)} segments, {seconds / floor:.1f} floors")
    for segment in segments:
        (row,) = await collection("segment_records").find({"segment_id": segment.id}).sort("at", -1).to_list(1)
        state = await collection("segment_states").find_one({"_id": segment.id}) or {}
        print(
            f"  {segment.name:26} {row['took_ms'] / 1000 / floor:5.1f} floors  {row['size']:>9,} in it "
            f" +{row['joined']:,} -{row['left']:,}  record {row['bytes']:,} bytes, state {state['bytes']:,} bytes"
        )
    roster = sum([len(row["data"]) async for row in collection("customer_roster").find({}, {"data": 1})])
    print(f"  numbers of all customers {roster:,} bytes (ids of one process, which count up)")


async def compare(segments: list[Segment]) -> None:
    """By counts against by bits, for two, three and five segments, and with a condition on orders."""
    print("\noverlap, seconds by counts and by bits")
    for chosen in (segments[:2], segments[:3], segments[:5], [segments[0], segments[2], segments[5]]):
        read = [await read_rule(segment.rule) for segment in chosen]
        rules, catalogue = [rule for rule, _ in read], read[-1][1]
        filters = [await compile_rule(rule, catalogue, now=now()) for rule in rules]
        counts, found = await timed(overlap.by_counts(filters))
        bits, same = await timed(overlap.by_bits(rules, catalogue))
        assert found == same, (found, same)
        what = f"{len(chosen)} segments" + (", one on orders" if segments[5] in chosen else "")
        print(f"  {what:26} {counts:6.2f} {bits:6.2f}   ratio {counts / bits:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    asyncio.run(main(given.customers, given.folder))
