"""What a start tells about signing in. Asks the database directly, so that the supervisor stays small."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection

from app.settings import Settings


async def how_to_sign_in(settings: Settings) -> str:
    """Who the owner is, or the one-time link that makes the first visitor the owner."""
    async with _members(settings) as members:
        owner = await members.find_one({"role": "owner", "active": True}, {"email": 1}, sort=[("created_at", 1)])
    if owner is not None:
        return f"Sign in as the owner, {owner['email']}"
    if settings.owner_email and settings.owner_password.get_secret_value():
        return f"Sign in as the owner, {settings.owner_email}"
    from app import database
    from app.auth.members import welcome_link

    await database.connect(settings.mongodb_url, indexes=False)
    try:
        link = await welcome_link(settings)
    finally:
        await database.disconnect()
    return f"Create the owner with this link, which works once: {link}" if link else "Sign in as the owner"


async def how_to_sign_in_as(settings: Settings, email: str, password: str) -> str:
    """How this member signs in. The password is told for as long as it is still the one."""
    from app.auth.passwords import verify_password
    from models.values import fold

    async with _members(settings) as members:
        member = await members.find_one({"email": fold(email)}, {"password_hash": 1})
    hashed = member.get("password_hash") if member else None
    if hashed and not (await asyncio.to_thread(verify_password, password, hashed))[0]:
        return f"Sign in as {email} with the password you gave it"
    return f"Sign in as {email} with the password {password}"


@contextlib.asynccontextmanager
async def _members(settings: Settings) -> AsyncIterator[AsyncCollection[dict[str, Any]]]:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(settings.mongodb_url, serverSelectionTimeoutMS=10_000)
    try:
        yield client.get_default_database("cohort")["members"]
    finally:
        await client.close()
