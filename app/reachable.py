"""Whether the database and the queue can be used, as MONGODB_URL and REDIS_URL name them."""

from __future__ import annotations

import asyncio
import time

from pymongo import AsyncMongoClient
from pymongo.errors import ConfigurationError, OperationFailure, PyMongoError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.errors import SettingsError, Unavailable
from app.settings import Settings

PATIENCE_SECONDS = 60


async def wait_for_servers(settings: Settings, seconds: float = PATIENCE_SECONDS) -> None:
    """Return when both answer. Raises SettingsError for an address that cannot be right, else Unavailable."""
    deadline = time.monotonic() + seconds
    while True:
        problem = await database_problem(settings.mongodb_url) or await queue_problem(settings.redis_url)
        if problem is None:
            return
        if time.monotonic() > deadline:
            raise Unavailable(problem)
        await asyncio.sleep(0.1)


async def database_problem(url: str) -> str | None:
    """None when a member of a replica set accepts writes, else what is wrong. Raises SettingsError for a wrong URL."""
    try:
        client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(url, serverSelectionTimeoutMS=2_000)
    except (ConfigurationError, ValueError) as problem:
        raise SettingsError(f"MONGODB_URL: {problem}") from problem
    try:
        hello = await client.admin.command("hello")
        if not hello.get("setName") and hello.get("msg") != "isdbgrid" and hello.get("isWritablePrimary"):
            return "MONGODB_URL: this server is no replica set; transactions need one (a set of one member will do)"
        if not hello.get("isWritablePrimary"):
            return "The database does not accept writes yet: its replica set has no primary."
        # `hello` needs no rights; this does.
        await client.get_default_database("cohort").command("ping")
        await client.get_default_database("cohort")["members"].find_one({}, {"_id": 1})
    except OperationFailure as problem:
        if problem.code in (13, 18):  # Unauthorized, AuthenticationFailed
            raise SettingsError(f"MONGODB_URL: the database refuses these credentials ({problem.details})") from None
        return f"The database refuses: {problem}"
    except PyMongoError as problem:
        return f"The database does not answer: {str(problem).partition(', Timeout')[0]}"
    finally:
        await client.close()
    return None


async def queue_problem(url: str) -> str | None:
    """None when it answers, else what is wrong. Raises SettingsError for a wrong URL."""
    try:
        client = Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2)
    except ValueError as problem:
        raise SettingsError(f"REDIS_URL: {problem}") from problem
    try:
        await client.ping()
    except (RedisError, OSError) as problem:
        return f"The queue does not answer: {problem}"
    finally:
        await client.aclose()
    return None
