"""Whether the process is up (`/healthz`) and can do its work (`/readyz`)."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from pydantic import BaseModel, Field
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.responses import Response

from app import database
from app.api.problems import Problem, problem_response
from app.errors import FieldError, Unavailable
from app.settings import get_settings

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process is up, or ready."""

    status: str = Field(examples=["ok"])


@router.get("/healthz", response_model=Health, summary="Is the process up")
async def healthz() -> Health:
    """Answers as soon as the process serves, whatever else is away."""
    return Health(status="ok")


@router.get(
    "/readyz",
    response_model=Health,
    responses={503: {"model": Problem, "description": "What is away"}},
    summary="Are the database and the queue reachable",
)
async def readyz() -> Health | Response:
    """Answers 503 and names what is away: `database`, `queue` or both."""
    database_answers, queue_answers = await asyncio.gather(_database_answers(), _queue_answers())
    away = [name for name, there in (("database", database_answers), ("queue", queue_answers)) if not there]
    if not away:
        return Health(status="ok")
    detail = f"Not reachable: {' and '.join(away)}. Requests that need it answer 503 until it is back."
    return problem_response(Unavailable(detail, errors=[FieldError(name, "does not answer") for name in away]))


async def _database_answers() -> bool:
    try:
        async with asyncio.timeout(2):
            return await database.answers()
    except TimeoutError:
        return False


async def _queue_answers() -> bool:
    client = Redis.from_url(get_settings().queue_url, socket_connect_timeout=2, socket_timeout=2)
    try:
        return bool(await client.ping())
    except (RedisError, OSError):
        return False
    finally:
        await client.aclose()
