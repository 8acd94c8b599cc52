"""Reading one value of a condition: the type, the limits, and an exact refusal when it does not fit."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from app.segments.catalogue.fields import Field, FieldType
from app.segments.rule.nodes import MAX_LENGTH, MAX_VALUES, RelativeDay, Scalar, Value
from app.segments.rule.reading_days import DayValues
from app.segments.rule.refusals import shown, unknown
from models.values import fold

AMOUNT = re.compile(r"-?[0-9]{1,14}(\.[0-9]{1,4})?")
LARGEST = 10**14
OLDEST = 150
FINE_MONEY = "has more than four decimal places"


class Values(DayValues):
    """Reads values and notes what is wrong with them; every method gives None when it has noted something."""

    def for_field(self, field: Field, operator: str, raw: object, path: str) -> Value:
        """The value of a condition on this field, by its type and operator."""
        if field.type is FieldType.DATE:
            return self.for_date(operator, raw, path)
        reader = self._scalar(field)
        if operator in ("in", "notIn", "anyOf", "allOf", "noneOf"):
            return self._list(raw, path, reader)
        return self._pair(raw, path, reader) if operator == "between" else reader(raw, path)

    def for_date(self, operator: str, raw: object, path: str) -> Value:
        """The value of a date operator."""
        if operator == "between":
            return self._pair(raw, path, self._day)
        if operator in ("before", "after", "on"):
            return self._day(raw, path)
        return (
            self._period(raw, path)
            if operator.endswith("InPeriod") or operator == "inPeriod"
            else self._span(raw, path)
        )

    def for_measure(self, measure: str, operator: str, raw: object, path: str) -> Value:
        """The value an orders measure is compared with."""
        reader: Callable[[object, str], Scalar | None] = self._count if measure == "count" else self._money
        return self._pair(raw, path, reader) if operator == "between" else reader(raw, path)

    def text(self, raw: object, path: str) -> str | None:
        """Text with something in it that can be stored and encoded, without surrounding blanks."""
        if not isinstance(raw, str):
            self._wrong(path, f'should be text such as "Mumbai", not {shown(raw)}')
        elif len(raw) > MAX_LENGTH:
            self._wrong(path, f"has {len(raw)} characters; at most {MAX_LENGTH} are possible")
        elif "\0" in raw:
            self._wrong(path, "holds the character NUL, which text cannot")
        elif any("\ud800" <= char <= "\udfff" for char in raw):
            self._wrong(path, "holds half of a surrogate pair, which is not a character")
        elif not fold(raw):
            self._wrong(path, 'is empty; use the operator "null" for customers without a value')
        else:
            return raw.strip()
        return None

    def _scalar(self, field: Field) -> Callable[[object, str], Scalar | None]:
        if field.type is FieldType.ENUM:
            return lambda raw, path: self._choice(raw, path, field)
        if field.name == "age":
            return self._age
        readers: dict[FieldType, Callable[[object, str], Scalar | None]] = {
            FieldType.NUMBER: self._number,
            FieldType.MONEY: self._money,
            FieldType.BOOLEAN: self._boolean,
        }
        return readers.get(field.type, self.text)

    def _choice(self, raw: object, path: str, field: Field) -> str | None:
        if isinstance(raw, str):
            for value in field.values:
                if fold(value) == fold(raw):
                    return value
        self._wrong(path, unknown(raw, f"a {field.label.lower()}", field.values))
        return None

    def _boolean(self, raw: object, path: str) -> bool | None:
        if isinstance(raw, bool):
            return raw
        self._wrong(path, f"should be true or false, not {shown(raw)}")
        return None

    def _number(self, raw: object, path: str) -> int | float | None:
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            self._wrong(path, f"should be a number such as 10, not {shown(raw)}")
        elif not math.isfinite(raw) if isinstance(raw, float) else False:
            self._wrong(path, "should be a finite number")
        elif abs(raw) >= LARGEST:
            self._wrong(path, "is too large; at most 14 digits are possible")
        else:
            return int(raw) if raw == int(raw) else raw
        return None

    def _count(self, raw: object, path: str) -> int | None:
        number = self._number(raw, path)
        if number is None or (isinstance(number, int) and number >= 0):
            return number
        self._wrong(path, f"should be a whole number, 0 or more, not {shown(raw)}")
        return None

    def _age(self, raw: object, path: str) -> int | float | None:
        number = self._number(raw, path)
        if number is None or 0 <= number <= OLDEST:
            return number
        self._wrong(path, f"should be an age in years from 0 to {OLDEST}, not {shown(raw)}")
        return None

    def _money(self, raw: object, path: str) -> Decimal | None:
        if isinstance(raw, str) and AMOUNT.fullmatch(raw):
            return _plain(Decimal(raw))
        if isinstance(raw, Decimal):
            if raw.is_finite() and abs(raw) < LARGEST:
                raw = format(raw, "f")
            else:
                raw = math.nan if raw.is_nan() else float(raw)  # a signaling NaN does not convert
            if isinstance(raw, float) or AMOUNT.fullmatch(raw):
                return self._money(raw, path)
            self._wrong(path, FINE_MONEY)
            return None
        if isinstance(raw, str):
            self._wrong(
                path, f"should be an amount such as 10000 or 99.95, without currency or separators, not {shown(raw)}"
            )
            return None
        number = self._number(raw, path)
        if number is None:
            return None
        amount = Decimal(repr(number))
        exponent = amount.as_tuple().exponent
        if isinstance(exponent, int) and exponent >= -4:
            return _plain(amount)
        self._wrong(path, FINE_MONEY)
        return None

    def _list(self, raw: object, path: str, reader: Callable[[object, str], Scalar | None]) -> Value:
        if not isinstance(raw, list):
            self._wrong(path, f'should be a list such as ["Mumbai", "Pune"], not {shown(raw)}')
        elif not raw:
            self._wrong(path, "is an empty list; give at least one value")
        elif len(raw) > MAX_VALUES:
            self._wrong(path, f"has {len(raw)} values; at most {MAX_VALUES} are possible")
        else:
            items = [reader(item, f"{path}[{index}]") for index, item in enumerate(raw)]
            known = [item for item in items if item is not None]
            once = {fold(item) if isinstance(item, str) else item: item for item in reversed(known)}
            return tuple(reversed(once.values())) if len(known) == len(items) else None
        return None

    def _pair(self, raw: object, path: str, reader: Callable[[object, str], Scalar | None]) -> Value:
        if not isinstance(raw, list) or len(raw) != 2:
            given = f"a list of {len(raw)}" if isinstance(raw, list) else shown(raw)
            self._wrong(path, f"should be a list of two values, from and to, not {given}")
            return None
        low, high = (reader(item, f"{path}[{index}]") for index, item in enumerate(raw))
        if low is None or high is None:
            return None
        if _after(low, high):
            self._wrong(path, f"runs backwards: {shown_value(low)} comes after {shown_value(high)}")
            return None
        return (low, high)


def shown_value(value: Scalar) -> str:
    """A value that was read, for a message."""
    return value.isoformat() if isinstance(value, date) else str(value)


def _after(low: Scalar, high: Scalar) -> bool:
    if isinstance(low, RelativeDay) and isinstance(high, RelativeDay) and low.unit == high.unit:
        return _steps(low) > _steps(high)
    if isinstance(low, RelativeDay) or isinstance(high, RelativeDay):
        return False
    return low > high  # type: ignore[operator]  # both came from the same reader, so they compare


def _steps(day: RelativeDay) -> int:
    return -day.amount if day.direction == "ago" else day.amount


def _plain(amount: Decimal) -> Decimal:
    """The amount without trailing zeros or exponent, so that equal amounts look alike; never a negative zero."""
    return Decimal(format(amount.normalize(), "f")) + 0
