"""Amounts: exact, and never a guess between a thousand and one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imports.dates import Undecided
from app.imports.numbers import DecimalMark, decide_mark, read_money, read_whole

POINT, COMMA = DecimalMark.POINT, DecimalMark.COMMA


class TestMark:
    @pytest.mark.parametrize(
        ("sample", "mark"),
        [
            (["11.77", "12"], POINT),
            (["1,234.50"], POINT),
            (["1.234,50"], COMMA),
            (["12,5", "1.234"], COMMA),
            (["1.234.567"], COMMA),
            (["1,234,567", "1,234"], POINT),
            (["0.125"], POINT),
            (["1,234", "9.99"], POINT),
            (["100", "n/a.", ""], POINT),
        ],
    )
    def test_the_column_decides(self, sample, mark):
        assert decide_mark(sample) is mark

    @pytest.mark.parametrize("sample", [["1,234"], ["1.234", "950"], ["12.50", "12,50"]])
    def test_doubt_is_said(self, sample):
        with pytest.raises(Undecided):
            decide_mark(sample)


class TestMoney:
    @pytest.mark.parametrize(
        ("text", "mark", "amount"),
        [
            ("1,234.50", POINT, "1234.50"),
            ("1.234,50", COMMA, "1234.50"),
            ("1 234,50", COMMA, "1234.50"),
            ("1\u202f234,50", COMMA, "1234.50"),
            ("1'234.50", POINT, "1234.50"),
            ("12,34,567.89", POINT, "1234567.89"),
            ("-5", POINT, "-5"),
            (".5", POINT, "0.5"),
            ("1234567", COMMA, "1234567"),
        ],
    )
    def test_it_reads(self, text, mark, amount):
        assert read_money(text, mark) == Decimal(amount)

    @pytest.mark.parametrize("text", ["", ".", "-", "abc", "1,2,3", "12,50", "$5", "1e5", "NaN", "Infinity", "5-"])
    def test_it_refuses_the_rest(self, text):
        with pytest.raises(ValueError, match="is not an amount"):
            read_money(text, POINT)

    @given(st.decimals(-(10**9), 10**9, places=2))
    def test_what_is_written_with_groups_is_read_exactly(self, amount):
        assert read_money(f"{amount:,.2f}", POINT) == amount
        assert read_money(f"{amount:,.2f}".translate(str.maketrans(",.", ".,")), COMMA) == amount


class TestWhole:
    def test_it_reads_and_refuses(self):
        assert (read_whole("3"), read_whole(" 10.0 ")) == (3, 10)
        for text in ("1.5", "-1", "two", "１", "9" * 12):
            with pytest.raises(ValueError, match="whole number"):
                read_whole(text)
