"""Failed sign-ins are slowed down per network address and email, so that guessing is slow and nobody is locked out."""

from __future__ import annotations

import hashlib

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.errors import CohortError
from app.settings import get_settings
from models.values import fold

ATTEMPTS = 10
WINDOW_SECONDS = 300

log = structlog.get_logger(__name__)


class TooManyAttempts(CohortError):
    """Too many failed sign-ins from this address for this email; `retry_after` is in seconds."""

    status = 429
    slug = "too-many-attempts"
    title = "Too many attempts"

    def __init__(self, retry_after: int) -> None:
        minutes = max(1, -(-retry_after // 60))
        wait = f"{minutes} minute{'s' if minutes > 1 else ''}"
        super().__init__(f"Too many failed sign-ins; please wait {wait} and try again.")
        self.retry_after = retry_after


async def count_attempt(address: str, email: str) -> None:
    """Count one attempt before it is checked, so that parallel guesses count too. Raises TooManyAttempts past ten.

    The right person signing in from another network address is never counted in. While Redis is away nothing is
    counted: signing in matters more then.
    """
    key = _key(address, email)
    try:
        async with Redis.from_url(get_settings().signals_url, socket_timeout=2, socket_connect_timeout=2) as redis:
            async with redis.pipeline(transaction=True) as pipe:
                pipe.incr(key)
                pipe.expire(key, WINDOW_SECONDS, nx=True)
                pipe.ttl(key)
                count, _, left = await pipe.execute()
    except (RedisError, OSError) as problem:
        log.warning("sign-in attempts are not counted", error=type(problem).__name__)
        return
    if count > ATTEMPTS:
        raise TooManyAttempts(max(1, int(left)))


async def forget_attempts(address: str, email: str) -> None:
    """After a sign-in that succeeded."""
    try:
        async with Redis.from_url(get_settings().signals_url, socket_timeout=2, socket_connect_timeout=2) as redis:
            await redis.delete(_key(address, email))
    except (RedisError, OSError):
        return


def _key(address: str, email: str) -> str:
    """Hashed, so that Redis holds no addresses."""
    digest = hashlib.sha256(f"{address}\n{fold(email)}".encode("utf-8", "replace")).hexdigest()
    return f"signin:{digest[:32]}"
