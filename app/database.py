"""Connect, prepare the documents and their indexes, and run work in a transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from beanie import init_beanie
from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConfigurationError, PyMongoError

from app.errors import SettingsError, Unavailable
from app.indexes import make_indexes
from app.orders.shadows import fill_shadows
from models import DOCUMENTS

DEFAULT_DATABASE = "cohort"
Raw = dict[str, Any]
Result = TypeVar("Result")

_client: AsyncMongoClient[Raw] | None = None
_database: AsyncDatabase[Raw] | None = None
_collections: dict[str, AsyncCollection[Raw]] = {}


async def connect(url: str, *, indexes: bool = True) -> AsyncDatabase[Raw]:
    """Open the one connection of this process and bind the documents to it.

    The database is the one in the URL's path, else `cohort`. Missing and changed indexes are made, and what older
    versions did not write is filled in, unless `indexes` is false.
    Raises SettingsError when the URL is wrong and Unavailable when nobody answers within ten seconds.
    """
    global _client, _database
    await disconnect()
    try:
        client: AsyncMongoClient[Raw] = AsyncMongoClient(
            url,
            tz_aware=True,
            serverSelectionTimeoutMS=10_000,
            # A server that takes connections and answers nobody is given up after the sum of these two; whoever waits
            # for its answer then learns that it is away, instead of waiting half a minute.
            heartbeatFrequencyMS=4_000,
            connectTimeoutMS=4_000,
            retryWrites=True,
            w="majority",
            appname="cohort",
        )
        database = client.get_default_database(DEFAULT_DATABASE)
    except (ConfigurationError, ValueError) as problem:
        raise SettingsError(f"MONGODB_URL: {problem}") from problem
    try:
        await init_beanie(database, document_models=DOCUMENTS, skip_indexes=True)
        if indexes:
            await make_indexes(database)
            await fill_shadows(database)
    except PyMongoError as problem:
        await client.close()
        raise Unavailable(f"The database does not answer: {problem}") from problem
    _client, _database = client, database
    return database


async def disconnect() -> None:
    """Close the connection of this process, if there is one."""
    global _client, _database
    client, _client, _database = _client, None, None
    _collections.clear()
    if client is not None:
        await client.close()


def database() -> AsyncDatabase[Raw]:
    """The connected database. Raises Unavailable before `connect`."""
    if _database is None:
        raise Unavailable("The database is not connected yet.")
    return _database


def collection(name: str) -> AsyncCollection[Raw]:
    """A collection of raw dicts, for the loops where documents cost too much; times come back aware."""
    if (known := _collections.get(name)) is None:
        known = database().get_collection(name, codec_options=CodecOptions(tz_aware=True))
        _collections[name] = known
    return known


async def in_transaction(work: Callable[[AsyncClientSession], Awaitable[Result]]) -> Result:
    """Run `work` in one transaction, retried on conflicts (MongoDB's `withTransaction`), so perhaps several times."""
    async with database().client.start_session() as session:
        return await session.with_transaction(work)


async def answers() -> bool:
    """Whether the database answers a ping within two seconds."""
    if _client is None:
        return False
    try:
        await _client.admin.command("ping", maxTimeMS=2_000)
    except PyMongoError:
        return False
    return True
