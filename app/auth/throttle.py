"""Guessing passwords is slow, and nobody is locked out by somebody else's guesses.

Failed sign-ins count for the network address together with the email, for the address with all emails, and for a
browser that has signed in here before on its own ("device cookies": OWASP, Slow Down Online Guessing Attacks with
Device Cookies). An email that is guessed at from many addresses is slowed down for strangers by two seconds at most,
never refused. A success forgets the failures of the same address and email.
"""

from __future__ import annotations

import asyncio
from asyncio import sleep
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from app.errors import CohortError, NotSignedIn
from app.limits.buckets import Limit, lend, take
from models.values import fold

ATTEMPTS = 10
PER_PERSON = Limit(name="sign-in", per_minute=2, burst=ATTEMPTS)
"""Ten at once, then one each half minute: of one email from one address, and of one browser."""

PER_ADDRESS = Limit(name="sign-in-address", per_minute=20, burst=100)
"""All emails from one address together: an office behind one address mistypes less."""

PER_EMAIL = Limit(name="sign-in-email", per_minute=120, burst=30)
EMAIL_DEBT = 4
"""One email from all addresses: after thirty failures, two tries a second, each waiting two seconds at most."""

_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


class TooManyAttempts(CohortError):
    """Too many failed attempts; `retry_after` is in seconds."""

    status = 429
    slug = "too-many-attempts"
    title = "Too many attempts"

    def __init__(self, retry_after: float) -> None:
        seconds = max(1, -(-int(retry_after * 1000) // 1000))
        minutes = -(-seconds // 60)
        wait = f"{seconds} second{'s' if seconds > 1 else ''}" if seconds < 60 else f"{minutes} minutes"
        super().__init__(f"Too many failed attempts; please wait {wait} and try again.")
        self.retry_after = seconds


@asynccontextmanager
async def sign_in_attempt(address: str, email: str, device: str | None = None) -> AsyncIterator[None]:
    """Around one try of a password: counted before it is checked, given back unless NotSignedIn is raised inside.

    `device` is what a browser that signed in as this email before carries (`app.auth.devices`): it is counted by itself
    and waits for nobody. Raises TooManyAttempts. Tries for one email from one address take turns, so that many right
    ones at once are not taken for guesses.
    """
    email = fold(email)
    if device is not None:
        buckets = [(PER_PERSON, f"device\n{device}")]
    else:
        buckets = [(PER_PERSON, f"{address}\n{email}"), (PER_ADDRESS, address)]
    async with _turn(buckets[0][1]):
        taken = await take(buckets)
        if not taken.given:
            raise TooManyAttempts(taken.wait)
        if device is None and (wait := await lend(PER_EMAIL, email, debt=EMAIL_DEBT)):
            await sleep(wait)
        try:
            yield
        except NotSignedIn:
            raise
        except BaseException:
            await _give_back(buckets, email)
            raise
        await _give_back(buckets, email)
        await take(buckets[:1], want=-ATTEMPTS)


async def count_attempt(place: str, email: str) -> None:
    """Count one attempt at something else than a password before it is checked. Raises TooManyAttempts past ten."""
    taken = await take([(PER_PERSON, f"{place}\n{fold(email)}")])
    if not taken.given:
        raise TooManyAttempts(taken.wait)


async def forget_attempts(place: str, email: str) -> None:
    """After one that succeeded: all of them count no more."""
    await take([(PER_PERSON, f"{place}\n{fold(email)}")], want=-ATTEMPTS)


async def _give_back(buckets: list[tuple[Limit, str]], email: str) -> None:
    await take([*buckets, (PER_EMAIL, email)] if len(buckets) > 1 else buckets, want=-1)


def _turn(whose: str) -> asyncio.Lock:
    """One lock for each who tries now, on the running loop."""
    key = f"{id(asyncio.get_running_loop())}\n{whose}"
    lock = _turns.get(key)
    if lock is None:
        lock = _turns[key] = asyncio.Lock()
    return lock
