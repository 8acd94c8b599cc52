"""Value types that several documents share: exact money, aware times, folded text."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from bson import Decimal128
from pydantic import AfterValidator, BeforeValidator, Field


def _from_bson(value: object) -> object:
    return value.to_decimal() if isinstance(value, Decimal128) else value


Money = Annotated[Decimal, BeforeValidator(_from_bson), Field(max_digits=18, decimal_places=4, allow_inf_nan=False)]
"""An exact amount in the currency's major unit (dollars, not cents); Decimal128 in MongoDB, a string in JSON."""


def now() -> datetime:
    """The present moment, aware, UTC, cut to the millisecond that BSON can hold."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _aware(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


GIVEN = {"$gt": ""}
"""Text that is there, as the filter of a partial index.

Not `$type`: MongoDB uses a partial index only for queries that it can prove to stay inside its filter. It proves that
for equality and `$in` against `$gt`, and never against `$type`: such queries would read the whole collection.
"""

Moment = Annotated[datetime, AfterValidator(_aware)]
"""An aware UTC time; a naive one is read as UTC."""


def fold(text: str) -> str:
    """The form in which text is compared and indexed: NFKC, case folded, blanks around it cut (Unicode UAX #15)."""
    if text.isascii():
        return text.lower().strip()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()
