"""Exports: complete, safe to open in a spreadsheet, and readable by our own import."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customers.service import bulk_upsert
from app.errors import NotFound
from app.imports.exports import customers_csv, orders_csv, segment_csv
from app.imports.formulas import csv_lines, safe_cell
from app.imports.service import import_file
from app.orders.service import bulk_orders
from app.segments.service import create_segment
from models import Customer, Order


async def rows_of(pieces) -> list[dict[str, str]]:
    content = b"".join([piece async for piece in await pieces]).decode()
    return list(csv.DictReader(io.StringIO(content, newline="")))


@pytest.fixture
async def shop(bob) -> None:
    """Two customers, one with two orders."""
    await bulk_upsert(
        bob,
        [
            {
                "external_id": "1",
                "email": "ann@x.com",
                "first_name": "=Ann",
                "phone": "+12025550123",
                "birthday": "1990-02-28",
                "tags": ["vip", "new"],
                "email_opt_in": True,
                "signed_up_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
                "attributes": {"size": 42, "club": True},
            },
            {"external_id": "2", "email": "bob@x.com", "city": "Pune"},
        ],
    )
    hat = {"product": "Hat", "category": "Hats", "quantity": 2, "price": "5.25"}
    await bulk_orders(
        bob,
        [
            {"number": "A1", "customer_external_id": "1", "amount": "10.50", "placed_at": "2026-03-01", "items": [hat]},
            {
                "number": "A2",
                "customer_external_id": "1",
                "amount": "7",
                "placed_at": "2026-03-02",
                "status": "pending",
            },
        ],
    )


async def test_customers_come_out_whole(bob, shop):
    ann, other = await rows_of(customers_csv(bob))
    assert ann["first_name"] == "'=Ann"
    assert (ann["phone"], ann["birthday"], ann["tags"]) == ("+12025550123", "1990-02-28", "vip;new")
    assert (ann["email_opt_in"], ann["signed_up_at"]) == ("yes", "2026-01-02T03:04:05Z")
    assert (ann["order_count"], ann["total_spent"]) == ("1", "10.50")
    assert (ann["attributes.size"], ann["attributes.club"], other["attributes.size"]) == ("42", "yes", "")


async def test_orders_come_out_whole(bob, shop):
    first, second = await rows_of(orders_csv(bob))
    assert first["items"] == "2 x Hat (Hats) at 5.25"
    assert (first["customer_email"], first["amount"], first["status"]) == ("ann@x.com", "10.50", "paid")
    assert (second["items"], second["status"]) == ("", "pending")


async def test_a_segment_comes_out_as_it_is_now(bob, shop):
    rule = {"combinator": "and", "rules": [{"field": "city", "operator": "=", "value": "pune"}]}
    segment = await create_segment(bob, name="Pune", rule=rule, description="In Pune")
    assert [row["external_id"] for row in await rows_of(segment_csv(bob, segment.id))] == ["2"]
    with pytest.raises(NotFound):
        await segment_csv(bob, "665f1c2e9b1d8a0012345678")


async def test_what_was_exported_goes_in_again_and_changes_nothing(bob, shop, tmp_path):
    before = [(await Customer.find_all().to_list()), (await Order.find_all().to_list())]
    for kind, pieces in (("customers", await customers_csv(bob)), ("orders", await orders_csv(bob))):
        path = tmp_path / f"{kind}.csv"
        path.write_bytes(b"".join([piece async for piece in pieces]).replace(b"'=Ann", b"=Ann"))
        job = await import_file(bob, kind, path)
        assert (job.updated, job.rejected) == (2, 0)
    after = [(await Customer.find_all().to_list()), (await Order.find_all().to_list())]
    changing = {"updated_at", "rollup_version"}
    for old, new in zip([*before[0], *before[1]], [*after[0], *after[1]], strict=True):
        assert old.model_dump(exclude=changing) == new.model_dump(exclude=changing)


class TestFormulas:
    @pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "\r=1", "+", "＝1"])
    def test_what_a_spreadsheet_would_run_is_quoted(self, text):
        assert safe_cell(text) == f"'{text}"

    @pytest.mark.parametrize(
        "text", ["", "Ann", "-12.50", "+1 (202) 555-0123", "+912025550521", "1-2", "a=b", "-1,234.5"]
    )
    def test_the_rest_is_left_alone(self, text):
        assert safe_cell(text) == text

    @given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1, max_size=4))
    def test_no_cell_begins_as_a_formula_unless_it_is_a_number(self, row):
        read = next(csv.reader(io.StringIO(csv_lines([row]).decode(), newline="")), [""])
        assert all(cell in (original, f"'{original}") for cell, original in zip(read, row, strict=True))
        assert not any(cell.startswith(("=", "@", "\t", "\r")) for cell in read)
