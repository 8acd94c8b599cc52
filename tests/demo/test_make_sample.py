"""The shipped files are what the script makes, and true to their source."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest

from app import demo
from app.demo import make_sample

FOLDER = Path(demo.__file__).parent
DATA = Path(__file__).parents[3] / "shared" / "data"
CUSTOMERS, ORDERS = DATA / "cdnow_customers.csv", DATA / "cdnow_orders.csv"


def read(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_files_are_small():
    assert sum((FOLDER / f"{name}.csv.gz").stat().st_size for name in ("customers", "orders")) < 400_000


def test_nobody_in_them_can_be_reached():
    domains = {row["email"].partition("@")[2] for row in read(FOLDER / "customers.csv.gz")}
    assert domains <= {"example.com", "example.net", "example.org"}


@pytest.mark.skipif(not ORDERS.exists(), reason="the CDNOW files are not beside the project")
class TestAgainstTheSource:
    def test_making_them_again_gives_the_same(self, tmp_path):
        make_sample.main([str(CUSTOMERS), str(ORDERS), str(tmp_path)])
        for name in ("customers.csv.gz", "orders.csv.gz"):
            assert read(tmp_path / name) == read(FOLDER / name)

    def test_amounts_and_gaps_are_the_sources_own(self):
        with ORDERS.open(encoding="utf-8", newline="") as file:
            source = {row["order_id"]: row for row in csv.DictReader(file)}
        shifts = defaultdict(set)
        for row in read(FOLDER / "orders.csv.gz"):
            origin = source[row["order_id"]]
            assert (row["customer_id"], row["amount"]) == (origin["customer_id"], origin["amount"])
            pieces = sum(int(item.split("|")[1]) for item in row["items"].split(";"))
            assert pieces == max(int(origin["quantity"]), 1)
            shifts[row["customer_id"]].add(_days(row["placed_at"]) - _days(origin["placed_at"]))
        assert all(len(shift) == 1 for shift in shifts.values())


def _days(text: str) -> int:
    return date.fromisoformat(text[:10]).toordinal()
