"""Dates: ISO always, the other orders only when the column leaves no doubt."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imports.dates import DateOrder, Undecided, decide_order, read_day, read_moment

KOLKATA = ZoneInfo("Asia/Kolkata")
BERLIN = ZoneInfo("Europe/Berlin")
DAY, MONTH = DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST


class TestOrder:
    @pytest.mark.parametrize(
        ("sample", "order"),
        [
            (["2026-03-31", "1997-01-01"], DAY),
            (["01/02/2026", "13/02/2026"], DAY),
            (["01/02/2026", "02/13/2026"], MONTH),
            (["01.02.2026"], DAY),
            (["05/05/2026", "7/7/2026"], DAY),
            (["not a date"], DAY),
            ([], DAY),
        ],
    )
    def test_the_column_decides(self, sample, order):
        assert decide_order(sample) is order

    @pytest.mark.parametrize("sample", [["01/02/2026"], ["13/02/2026", "02/13/2026"], ["01-02-2026", "2026-01-02"]])
    def test_doubt_is_said(self, sample):
        with pytest.raises(Undecided):
            decide_order(sample)


class TestMoments:
    @pytest.mark.parametrize(
        ("text", "moment"),
        [
            ("1997-01-02", datetime(1997, 1, 1, 18, 30, tzinfo=UTC)),
            ("1997/1/2", datetime(1997, 1, 1, 18, 30, tzinfo=UTC)),
            ("19970102", datetime(1997, 1, 1, 18, 30, tzinfo=UTC)),
            ("02.01.1997", datetime(1997, 1, 1, 18, 30, tzinfo=UTC)),
            ("1997-01-02T10:00:00Z", datetime(1997, 1, 2, 10, tzinfo=UTC)),
            ("1997-01-02 10:00:00 -0500", datetime(1997, 1, 2, 15, tzinfo=UTC)),
            ("1997-01-02 10:00:00.123456+02:00", datetime(1997, 1, 2, 8, 0, 0, 123000, tzinfo=UTC)),
            ("1997-01-02 10:00 UTC", datetime(1997, 1, 2, 10, tzinfo=UTC)),
            ("02/01/1997 5:30 PM", datetime(1997, 1, 2, 12, 0, tzinfo=UTC)),
            ("02/01/1997, 17:30", datetime(1997, 1, 2, 12, 0, tzinfo=UTC)),
            ("02/01/1997 12:00 am", datetime(1997, 1, 1, 18, 30, tzinfo=UTC)),
        ],
    )
    def test_it_reads_day_first(self, text, moment):
        assert read_moment(text, DAY, KOLKATA) == moment

    def test_a_day_alone_is_midnight_of_the_shop_also_across_summer_time(self):
        assert read_moment("2026-07-01", DAY, BERLIN) == datetime(2026, 6, 30, 22, tzinfo=UTC)
        assert read_moment("2026-01-01", DAY, BERLIN) == datetime(2025, 12, 31, 23, tzinfo=UTC)

    @pytest.mark.parametrize(
        "text",
        ["yesterday", "2026-02-30", "31/31/2026", "0001-01-01", "9999-01-01", "01/02/26", "2026-01-01 25:00", "45000"],
    )
    def test_it_refuses_the_rest(self, text):
        with pytest.raises(ValueError, match="is not a"):
            read_moment(text, DAY, KOLKATA)

    @given(st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC)))
    def test_iso_round_trip(self, moment):
        cut = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        assert read_moment(moment.isoformat(), MONTH, BERLIN) == cut


class TestDays:
    def test_a_birthday_has_no_zone(self):
        assert read_day("1990-02-28", DAY) == date(1990, 2, 28)
        assert read_day("02/28/1990 00:00", MONTH) == date(1990, 2, 28)
