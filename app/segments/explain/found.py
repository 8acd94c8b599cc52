"""What a customer or an order has in a field, in the form in which rules compare it.

The same reading as MongoDB's: a list counts by its elements, a value of another type counts as missing, and text is
folded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from bson import Decimal128

from app.segments.catalogue.fields import Field
from models.values import fold

Number = int | float | Decimal

OF_ITEMS = frozenset({"folded.category", "folded.product"})
"""Fields of an order that its items have, so there may be several values."""


def raw_value(document: Mapping[str, Any], field: Field) -> Any:
    """The value as it is stored; None when there is none."""
    if field.name.startswith("attributes."):
        return (document.get("attributes") or {}).get(field.name.removeprefix("attributes."))
    if field.path in OF_ITEMS:
        return [item.get(field.name) for item in document.get("items") or ()]
    if field.name == "name":
        parts = (str(document.get(key) or "").strip() for key in ("first_name", "last_name"))
        return " ".join(part for part in parts if part)
    return document.get("birthday" if field.name == "age" else field.name)


def texts(document: Mapping[str, Any], field: Field) -> list[str]:
    """Folded text, without empty ones."""
    found = [fold(item) for item in _elements(raw_value(document, field)) if isinstance(item, str)]
    return [text for text in found if text]


def numbers(document: Mapping[str, Any], field: Field) -> list[Number]:
    """Numbers, exact ones as Decimal; no booleans, no NaN."""
    found: list[Number] = []
    for item in _elements(raw_value(document, field)):
        number = item.to_decimal() if isinstance(item, Decimal128) else item
        if isinstance(number, int | float | Decimal) and not isinstance(number, bool) and not math.isnan(number):
            found.append(number)
    return found


def booleans(document: Mapping[str, Any], field: Field) -> list[bool]:
    """True and False only."""
    return [item for item in _elements(raw_value(document, field)) if isinstance(item, bool)]


def moments(document: Mapping[str, Any], field: Field) -> list[datetime]:
    """Aware moments; a calendar day is midnight UTC, as it is stored."""
    found = []
    for item in _elements(raw_value(document, field)):
        if isinstance(item, datetime):
            found.append(item if item.tzinfo else item.replace(tzinfo=UTC))
        elif isinstance(item, date):
            found.append(datetime(item.year, item.month, item.day, tzinfo=UTC))
    return found


def written_days(document: Mapping[str, Any], field: Field) -> list[str]:
    """Dates of custom attributes that were stored as text (ISO 8601); such text compares like the days it names."""
    if not field.name.startswith("attributes."):
        return []
    return [item for item in _elements(raw_value(document, field)) if isinstance(item, str)]


def _elements(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
