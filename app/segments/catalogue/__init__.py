"""The catalogue of this shop: fixed fields, custom attributes, known values, campaigns and segments."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from app.database import collection, database
from app.segments.catalogue.attributes import attribute_fields
from app.segments.catalogue.distincts import customer_values, order_values
from app.segments.catalogue.fields import (
    ANNIVERSARY_OPERATORS,
    CAMPAIGN_OPERATORS,
    MEASURES,
    OPERATORS,
    ORDER_FIELDS,
    PROFILE_FIELDS,
    SEGMENT_OPERATORS,
    Catalogue,
    Field,
    FieldType,
    operators_of,
)
from app.settings import get_settings

__all__ = [
    "ANNIVERSARY_OPERATORS",
    "CAMPAIGN_OPERATORS",
    "MEASURES",
    "OPERATORS",
    "SEGMENT_OPERATORS",
    "Catalogue",
    "Field",
    "FieldType",
    "bare_catalogue",
    "catalogue_age",
    "forget_catalogue",
    "load_catalogue",
    "operators_of",
]

KEPT_SECONDS = 60.0
NAMED_CAMPAIGNS = 1_000
NAMED_SEGMENTS = 5_000

_kept: tuple[AsyncDatabase[dict[str, Any]], float, Catalogue] | None = None


async def load_catalogue() -> Catalogue:
    """The catalogue of the connected database, at most a minute old.

    A load reads at most the 20,000 newest customers and orders, so it costs the same however large the shop is
    (about 0.2 s). Raises Unavailable when no database is connected.
    """
    global _kept
    source = database()
    if _kept is not None and _kept[0] is source and time.monotonic() - _kept[1] < KEPT_SECONDS:
        return _kept[2]
    catalogue = await _load()
    _kept = (source, time.monotonic(), catalogue)
    return catalogue


def forget_catalogue() -> None:
    """Load anew at the next use: after imports and when campaigns or segments come, go or are renamed."""
    global _kept
    _kept = None


def catalogue_age() -> float:
    """Seconds since the kept catalogue was loaded; infinite when none is kept."""
    return time.monotonic() - _kept[1] if _kept else float("inf")


def bare_catalogue(
    *, currency: str = "USD", timezone: str = "UTC", week_start: str = "monday", fields: tuple[Field, ...] = ()
) -> Catalogue:
    """The fields every shop has, plus `fields`; no database needed."""
    return Catalogue(
        fields={field.name: field for field in (*PROFILE_FIELDS, *fields)},
        order_fields={field.name: field for field in ORDER_FIELDS},
        campaigns={},
        segments={},
        currency=currency,
        timezone=timezone,
        week_start=week_start,
    )


async def _load() -> Catalogue:
    settings = get_settings()
    rules: list[dict[str, Any]] = []
    segments: dict[str, str] = {}
    async for row in collection("segments").find({}, {"name": 1, "rule": 1}).sort("_id", -1).limit(NAMED_SEGMENTS):
        segments[str(row["_id"])] = row.get("name", "")
        rules.append(row.get("rule") or {})
    newest = collection("campaigns").find({}, {"name": 1}).sort("updated_at", -1).limit(NAMED_CAMPAIGNS)
    campaigns = {str(row["_id"]): row.get("name", "") async for row in newest}
    bare = bare_catalogue(
        currency=settings.currency,
        timezone=settings.timezone,
        week_start=settings.week_start,
        fields=await attribute_fields(rules),
    )
    return replace(
        bare,
        fields=_with_values(bare.fields, await customer_values()),
        order_fields=_with_values(bare.order_fields, await order_values()),
        campaigns=campaigns,
        segments=segments,
    )


def _with_values(fields: Mapping[str, Field], values: Mapping[str, tuple[str, ...]]) -> dict[str, Field]:
    return {
        name: replace(field, values=values[name]) if name in values and not field.values else field
        for name, field in fields.items()
    }
