"""Reading the days, stretches and periods that date operators compare with."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Literal

from app.segments.rule.nodes import Period, RelativeDay, Span
from app.segments.rule.refusals import Refusals, extra_keys, shown, unknown

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
FIRST_YEAR, LAST_YEAR = 1800, 2999
UNITS = ("day", "week", "month", "quarter", "year")
PERIOD_UNITS = UNITS[1:]
MOST = {"day": 36_500, "week": 5_200, "month": 1_200, "quarter": 400, "year": 100}
"""A hundred years in each unit."""


class DayValues:
    """Reads what dates compare with; every method gives None when it has noted what is wrong."""

    def __init__(self, refusals: Refusals) -> None:
        self._wrong = refusals.add

    def _day(self, raw: object, path: str) -> date | RelativeDay | None:
        if isinstance(raw, dict):
            return self._relative(raw, path)
        if not isinstance(raw, str):
            self._wrong(
                path,
                'should be a day such as "2026-03-01" or {"amount": 90, "unit": "day", "direction": "ago"}, '
                f"not {shown(raw)}",
            )
            return None
        if not DAY.fullmatch(raw):
            self._wrong(path, f'should be a day such as "2026-03-01", without a time, not {shown(raw)}')
            return None
        try:
            day = date.fromisoformat(raw)
        except ValueError:
            self._wrong(path, f"{shown(raw)} is not a day of the calendar")
            return None
        if FIRST_YEAR <= day.year <= LAST_YEAR:
            return day
        self._wrong(path, f"should be a day from {FIRST_YEAR} to {LAST_YEAR}, not {shown(raw)}")
        return None

    def _relative(self, raw: dict[Any, Any], path: str) -> RelativeDay | None:
        if not self._has_keys(raw, path, ("amount", "unit", "direction")):
            return None
        amount = self._amount(raw, path, least=0)
        direction = self._one_of(raw["direction"], f"{path}.direction", "a direction", ("ago", "ahead"))
        if amount is None or direction is None:
            return None
        side: Literal["ago", "ahead"] = "ago" if direction == "ago" else "ahead"
        return RelativeDay(amount=amount, unit=raw["unit"], direction=side)

    def _span(self, raw: object, path: str) -> Span | None:
        if not isinstance(raw, dict):
            self._wrong(path, f'should be a stretch of time such as {{"amount": 90, "unit": "day"}}, not {shown(raw)}')
            return None
        if not self._has_keys(raw, path, ("amount", "unit")):
            return None
        amount = self._amount(raw, path, least=1)
        return None if amount is None else Span(amount=amount, unit=raw["unit"])

    def _period(self, raw: object, path: str) -> Period | None:
        if not isinstance(raw, dict):
            self._wrong(path, f'should be a period such as {{"period": "this", "unit": "month"}}, not {shown(raw)}')
            return None
        if not self._has_keys(raw, path, ("period", "unit")):
            return None
        which = self._one_of(raw["period"], f"{path}.period", "a period", ("this", "last", "next"))
        unit = self._one_of(raw["unit"], f"{path}.unit", "a unit", PERIOD_UNITS)
        return None if which is None or unit is None else Period(period=raw["period"], unit=raw["unit"])

    def _amount(self, raw: dict[Any, Any], path: str, *, least: int) -> int | None:
        unit = self._one_of(raw["unit"], f"{path}.unit", "a unit", UNITS)
        amount = raw["amount"]
        if isinstance(amount, float) and amount.is_integer():
            amount = int(amount)
        if isinstance(amount, bool) or not isinstance(amount, int) or amount < least:
            self._wrong(f"{path}.amount", f"should be a whole number, {least} or more, not {shown(amount)}")
        elif unit is not None and amount > MOST[unit]:
            self._wrong(f"{path}.amount", f"is too large; at most {MOST[unit]} {unit}s are possible")
        elif unit is not None:
            return amount
        return None

    def _one_of(self, raw: object, path: str, kind: str, names: tuple[str, ...]) -> str | None:
        if isinstance(raw, str) and raw in names:
            return raw
        self._wrong(path, unknown(raw, kind, names))
        return None

    def _has_keys(self, raw: dict[Any, Any], path: str, keys: tuple[str, ...]) -> bool:
        fits = True
        for key, message in extra_keys(raw, keys):
            self._wrong(f"{path}.{key}", message)
            fits = False
        for key in keys:
            if key not in raw:
                self._wrong(f"{path}.{key}", "is missing")
                fits = False
        return fits
