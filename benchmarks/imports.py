"""How fast files come in, beside the least that any import could do: read the CSV and insert the rows as they are.

`python benchmarks/imports.py [CUSTOMERS.csv ORDERS.csv]`; without files it makes some of the size of the CDNOW set.
"""

from __future__ import annotations

import asyncio
import csv
import itertools
import os
import random
import sys
import tempfile
import time
from collections.abc import Awaitable
from datetime import date, timedelta
from pathlib import Path

from app import database
from app.auth.members import system_member
from app.embedded import embedded_servers
from app.imports.service import import_file
from app.settings import read_settings, use_settings

CUSTOMERS = 23_570
ORDERS = 69_659
BATCH = 1_000


async def main(arguments: list[str]) -> None:
    """Run both, each on its own collections of one fresh server, and print the ratio."""
    with tempfile.TemporaryDirectory(prefix="cohort-benchmark-") as name:
        folder = Path(name)
        customers, orders = map(Path, arguments) if arguments else made_up(folder)
        base = read_settings(_env_file=None, data_dir=folder, mongodb_url="", redis_url="", secret_key="k" * 40)
        async with embedded_servers(base) as settings:
            use_settings(settings)
            await database.connect(settings.mongodb_url)
            floor = await timed(bare(customers, "bare_customers")) + await timed(bare(orders, "bare_orders"))
            print(f"floor    {floor:6.2f} s   csv.reader and insert_many")
            first = await timed(imported("customers", customers))
            second = await timed(imported("orders", orders))
            ours = first + second
            print(f"import   {ours:6.2f} s   customers {first:.2f} s, orders {second:.2f} s")
            print(
                f"ratio    {ours / floor:6.1f}     load of the machine {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores"
            )
            await database.disconnect()


async def timed(work: Awaitable[None]) -> float:
    """Seconds by the clock."""
    started = time.perf_counter()
    await work
    return time.perf_counter() - started


async def bare(path: Path, name: str) -> None:
    """The floor: every row becomes a document of strings; nothing is checked, indexed or counted."""
    target = database.collection(name)
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        while batch := [dict(zip(header, row, strict=True)) for row in itertools.islice(rows, BATCH)]:
            await target.insert_many(batch, ordered=False)


async def imported(kind: str, path: Path) -> None:
    """What `cohort import` does."""
    job = await import_file(system_member(), kind, path)
    assert (job.status, job.rejected) == ("done", 0), (job.status, job.error, job.rejected)


def made_up(folder: Path) -> tuple[Path, Path]:
    """Two files with the columns and the size of the CDNOW set."""
    dice = random.Random(1997)
    start = date(1997, 1, 1)
    customers, orders = folder / "customers.csv", folder / "orders.csv"
    with customers.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(("customer_id", "first_name", "last_name", "email", "phone", "city", "signed_up_at", "tags"))
        for n in range(CUSTOMERS):
            phone = f"+1202555{dice.randrange(10_000):04}" if dice.random() < 0.7 else ""
            day = start + timedelta(days=dice.randrange(90))
            lines.writerow((n, "Ann", f"Lee {n}", f"c{n}@example.com", phone, f"City {n % 900}", day, "newsletter"))
    with orders.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(("order_id", "customer_id", "placed_at", "quantity", "amount", "currency"))
        for n in range(ORDERS):
            day = start + timedelta(days=dice.randrange(540))
            lines.writerow((f"A{n}", n * CUSTOMERS // ORDERS, day, 1 + n % 5, f"{dice.uniform(1, 200):.2f}", "USD"))
    return customers, orders


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
