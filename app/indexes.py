"""The indexes the documents ask for, made when missing and made anew when a new version defines them otherwise."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import structlog
from pymongo import IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from models import DOCUMENTS

_CONFLICTS = (85, 86)
"""IndexOptionsConflict and IndexKeySpecsConflict: there is one of this name or these keys, but another."""

RETIRED = {
    "customers": ("folded.city_1_total_spent_1_last_order_at_1", "folded.country_1_total_spent_1"),
    "orders": ("customer_id_1_placed_at_-1",),
}
"""Indexes of older versions, by collection: others do their work now, and each one makes writing slower."""

log = structlog.get_logger(__name__)


async def make_indexes(database: AsyncDatabase[dict[str, Any]]) -> None:
    """Make every index of `models.DOCUMENTS`. Safe when several processes start at once."""
    for document in DOCUMENTS:
        wanted: list[IndexModel] = list(getattr(document.Settings, "indexes", []))
        if not wanted:
            continue
        collection = database[str(document.get_settings().name)]
        try:
            await collection.create_indexes(wanted)
        except OperationFailure as problem:
            if problem.code not in _CONFLICTS:
                raise
            for index in wanted:
                await _make_anew(collection, index)
    for name, retired in RETIRED.items():
        there = await database[name].index_information()
        for old in set(retired) & there.keys():
            with suppress(OperationFailure):
                await database[name].drop_index(old)


async def _make_anew(collection: AsyncCollection[dict[str, Any]], index: IndexModel) -> None:
    try:
        await collection.create_indexes([index])
    except OperationFailure as problem:
        if problem.code not in _CONFLICTS:
            raise
        wanted = index.document
        keys = list(wanted["key"].items())
        for name, there in (await collection.index_information()).items():
            if name == wanted["name"] or list(there["key"]) == keys:
                log.info("index changed, made anew", collection=collection.name, index=name)
                await collection.drop_index(name)
        await collection.create_indexes([index])
