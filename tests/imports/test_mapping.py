"""Columns find their fields by name or by hand, and cells become values or a reason."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from app.errors import InvalidInput
from app.imports.mapping import map_columns
from app.imports.rows import RowProblem, RowReader

ZONE = ZoneInfo("Asia/Kolkata")


def read(kind, columns, rows, mapping=None):
    """The rows as the bulk services get them, with the rows themselves as the sample."""
    reader = RowReader(map_columns(kind, columns, mapping), rows, ZONE)
    return [reader.read(row) for row in rows]


class TestByName:
    def test_the_cdnow_columns_find_their_fields(self):
        header = "customer_id,first_name,last_name,email,phone,city,country,accepts_marketing,signed_up_at,tags"
        assert map_columns("customers", header.split(",")).names() == {
            "customer_id": "external_id",
            "first_name": "first_name",
            "last_name": "last_name",
            "email": "email",
            "phone": "phone",
            "city": "city",
            "country": "country",
            "accepts_marketing": "email_opt_in",
            "signed_up_at": "signed_up_at",
            "tags": "tags",
        }
        header = "order_id,customer_id,placed_at,quantity,amount,currency"
        assert map_columns("orders", header.split(",")).names() == {
            "order_id": "number",
            "customer_id": "customer_external_id",
            "placed_at": "placed_at",
            "quantity": "quantity",
            "amount": "amount",
            "currency": "currency",
        }

    def test_case_blanks_and_punctuation_do_not_matter(self):
        mapping = map_columns(
            "customers", ["E-Mail Address", "First Name", "ZIP Code", "Loyalty", "attributes.Shoe_Size"]
        )
        assert list(mapping.names().values()) == ["email", "first_name", "postal_code", "attributes.shoe_size"]
        assert mapping.ignored == ("Loyalty",)

    def test_the_exact_name_wins_over_an_earlier_synonym(self):
        mapping = map_columns("customers", ["mail", "email"])
        assert (mapping.names(), mapping.ignored) == ({"email": "email"}, ("mail",))

    def test_missing_columns_are_all_named(self):
        with pytest.raises(InvalidInput) as refusal:
            map_columns("orders", ["email", "quantity"])
        assert [error.field for error in refusal.value.errors] == ["number", "placed_at", "amount"]
        assert "number (order_id)" in refusal.value.detail
        assert "The file's columns are: email, quantity." in refusal.value.detail

    def test_a_file_without_a_header_is_told_so(self):
        with pytest.raises(InvalidInput, match=r"Is the first line a header\?"):
            map_columns("customers", ["00001", "Krista", "krista@example.com"])


class TestByHand:
    def test_it_is_complete(self):
        mapping = map_columns("customers", ["a", "b", "email"], {"a": "email", "b": "attributes.size"})
        assert (mapping.names(), mapping.ignored) == ({"a": "email", "b": "attributes.size"}, ("email",))

    @pytest.mark.parametrize(
        ("mapping", "field", "words"),
        [
            ({"mial": "email"}, "mapping.mial", "no such column. Did you mean mail?"),
            ({"mail": "emial"}, "mapping.mail", "Did you mean email?"),
            ({"mail": "accepts_marketing"}, "mapping.mail", "Did you mean email_opt_in?"),
            ({"mail": "attributes.Größe"}, "mapping.mail", "is not an attribute"),
            ({"mail": "email", "when": "email"}, "mapping.when", "filled by the column 'mail' already"),
            ({"mail": "email", "when": "signed_up_at:backwards"}, "mapping.when", "signed_up_at:day-first"),
            ({"mail": "email:comma"}, "mapping.mail", "use email."),
            (
                {"when": "signed_up_at"},
                "external_id",
                "No column for external_id (customer_id) or email (email_address)",
            ),
        ],
    )
    def test_it_refuses_what_cannot_be(self, mapping, field, words):
        with pytest.raises(InvalidInput) as refusal:
            map_columns("customers", ["mail", "when"], mapping)
        assert refusal.value.errors[0].field == field
        assert words in refusal.value.detail

    def test_orders_have_no_attributes(self):
        with pytest.raises(InvalidInput, match="is not a field of orders"):
            map_columns("orders", ["a"], {"a": "attributes.size"})


class TestCustomers:
    def test_cells_become_values_and_blanks_are_left_out(self):
        columns = ["id", "email", "name", "accepts_marketing", "sms consent", "tags", "dob", "signed_up_at", "city"]
        row = ["7", " a@x.com ", "Ann  Lee", "Yes", "0", "vip; new|vip , x", "28.02.1990", "2026-03-01", "  "]
        assert read("customers", columns, [row]) == [
            {
                "external_id": "7",
                "email": "a@x.com",
                "name": "Ann  Lee",
                "email_opt_in": True,
                "sms_opt_in": False,
                "tags": ["vip", "new", "x"],
                "birthday": date(1990, 2, 28),
                "signed_up_at": datetime(2026, 2, 28, 18, 30, tzinfo=UTC),
            }
        ]

    def test_attributes_take_the_type_that_the_column_agrees_on(self):
        columns = ["email", "attributes.size", "attributes.code", "attributes.club", "attributes.since"]
        rows = [["a@x.com", "42", "007", "yes", "2024-05-01"], ["b@x.com", "43.5", "8", "no", ""]]
        assert [row["attributes"] for row in read("customers", columns, rows)] == [
            {"size": 42, "code": "007", "club": True, "since": "2024-05-01"},
            {"size": 43.5, "code": "8", "club": False},
        ]

    def test_a_row_that_says_nobody_is_refused(self):
        with pytest.raises(RowProblem, match="id or email: is blank"):
            read("customers", ["id", "email", "city"], [["", " ", "Pune"]])

    @pytest.mark.parametrize(
        ("column", "cell", "words"),
        [
            ("accepts_marketing", "maybe", "accepts_marketing: 'maybe' is neither yes nor no"),
            ("dob", "31.02.1990", "dob: '31.02.1990' is not a date that exists"),
            ("signed_up_at", "soon", "signed_up_at: 'soon' is not a date such as 2026-03-31"),
        ],
    )
    def test_a_cell_that_cannot_be_read_names_its_column(self, column, cell, words):
        with pytest.raises(RowProblem) as problem:
            read("customers", ["email", column], [["a@x.com", cell]])
        assert str(problem.value) == words

    def test_doubtful_dates_are_refused_with_the_way_out(self):
        rows = [["a@x.com", "01/02/2026"]]
        with pytest.raises(InvalidInput, match="when: '01/02/2026' can be read in two ways") as refusal:
            read("customers", ["email", "when"], rows, {"email": "email", "when": "signed_up_at"})
        assert "signed_up_at:day-first or signed_up_at:month-first" in refusal.value.detail
        found = read("customers", ["email", "when"], rows, {"email": "email", "when": "signed_up_at:month-first"})
        assert found[0]["signed_up_at"] == datetime(2026, 1, 1, 18, 30, tzinfo=UTC)


class TestOrders:
    COLUMNS = ("order_id", "customer_id", "email", "date", "total", "status", "product", "category", "qty", "price")

    def test_cells_become_an_order_with_one_item(self):
        row = ["A1", "7", "a@x.com", "2026-03-01 10:00", "1.234,50", "Paid", "Hat", "Hats", "2", "617,25"]
        assert read("orders", self.COLUMNS, [row]) == [
            {
                "number": "A1",
                "customer_external_id": "7",
                "placed_at": datetime(2026, 3, 1, 4, 30, tzinfo=UTC),
                "amount": Decimal("1234.50"),
                "status": "paid",
                "items": [{"product": "Hat", "category": "Hats", "quantity": 2, "price": Decimal("617.25")}],
            }
        ]

    @pytest.mark.parametrize(
        ("index", "words"),
        [
            (0, "order_id: is blank"),
            (1, "customer_id or email: is blank"),
            (3, "date: is blank"),
            (4, "total: is blank"),
        ],
    )
    def test_what_an_order_needs(self, index, words):
        row = ["A1", "7", "", "2026-03-01", "12.50", "", "", "", "", ""]
        row[index] = ""
        with pytest.raises(RowProblem, match=words):
            read("orders", self.COLUMNS, [row])

    def test_doubtful_amounts_are_refused_with_the_way_out(self):
        row = ["A1", "7", "", "2026-03-01", "1,234", "", "", "", "", ""]
        with pytest.raises(InvalidInput, match="amount:point or amount:comma"):
            read("orders", self.COLUMNS, [row])
