"""The two CDNOW files as a whole: every row goes in, and every rollup is what a plain pass over the file gives."""

from __future__ import annotations

import csv
import time
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from app.database import collection
from app.imports.service import import_file
from app.settings import get_settings

DATA = Path(__file__).parents[3] / "shared" / "data"
CUSTOMERS, ORDERS = DATA / "cdnow_customers.csv", DATA / "cdnow_orders.csv"

PROCESSOR_SECONDS = 60
"""Of this process, which others on the machine change little; `benchmarks/imports.py` gives the time by the clock."""

pytestmark = pytest.mark.skipif(not ORDERS.exists(), reason="the CDNOW files are not beside the project")


async def test_both_files_go_in_and_every_rollup_is_exact(alice):
    started = time.process_time()
    for kind, path, count in (("customers", CUSTOMERS, 23_570), ("orders", ORDERS, 69_659)):
        job = await import_file(alice, kind, path)
        assert (job.status, job.total, job.created, job.rejected) == ("done", count, count, 0)
    assert time.process_time() - started < PROCESSOR_SECONDS
    expected = _plain_pass()
    wrong = []
    async for raw in collection("customers").find():
        found = (
            raw["order_count"],
            raw["total_spent"].to_decimal(),
            raw["first_order_at"],
            raw["last_order_at"],
            raw["average_order_value"].to_decimal(),
        )
        if found != expected.pop(raw["external_id"]):
            wrong.append((raw["external_id"], found))
    assert (wrong, expected) == ([], {})


async def test_the_columns_mean_what_the_file_says(alice):
    await import_file(alice, "customers", CUSTOMERS)
    customers = collection("customers")
    with CUSTOMERS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert await customers.count_documents({"email_opt_in": True}) == 19_299
    assert await customers.count_documents({"phone": None}) == sum(not row["phone"] for row in rows)
    for row in rows[::997]:
        raw = await customers.find_one({"external_id": row["customer_id"]})
        assert (raw["email"], raw["city"], raw["country"]) == (row["email"], row["city"], row["country"])
        assert raw["tags"] == [tag for tag in row["tags"].split("|") if tag]
        assert raw["signed_up_at"] == _midnight(row["signed_up_at"])


def _plain_pass() -> dict[str, tuple[int, Decimal, datetime, datetime, Decimal]]:
    amounts: dict[str, list[Decimal]] = defaultdict(list)
    days: dict[str, list[str]] = defaultdict(list)
    with ORDERS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            amounts[row["customer_id"]].append(Decimal(row["amount"]))
            days[row["customer_id"]].append(row["placed_at"])
    return {
        key: (
            len(found),
            sum(found, Decimal(0)),
            _midnight(min(days[key])),
            _midnight(max(days[key])),
            (sum(found, Decimal(0)) / len(found)).quantize(Decimal("0.0001")),
        )
        for key, found in amounts.items()
    }


def _midnight(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=get_settings().zone).astimezone(UTC)
