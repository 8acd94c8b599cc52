"""The indexes the documents ask for, made when missing and made anew when a new version defines them otherwise."""

from __future__ import annotations

from typing import Any

import structlog
from pymongo import IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from models import DOCUMENTS

_CONFLICTS = (85, 86)
"""IndexOptionsConflict and IndexKeySpecsConflict: there is one of this name or these keys, but another."""

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
