"""A thousand wrong passwords: what they cost, and that the right person gets in all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from fastapi import FastAPI

from app.auth import members, throttle
from app.auth.members import create_member, system_member
from app.campaigns.pacing import script
from app.main import create_app
from app.settings import Settings
from models import Member
from tests.hashing import cheap_hashes

__all__ = ["cheap_hashes"]

EMAIL = "mira@example.com"
RIGHT = "a lantern under snow"
OWN = {"Origin": "http://cohort.test"}

ClientAt = Callable[[str], httpx.AsyncClient]


class Clock:
    """Redis's clock, turned by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    hands = Clock()
    monkeypatch.setattr(script, "CLOCK", hands)
    return hands


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """One entry for each password that was really compared: the expensive part."""
    made: list[bool] = []
    real = members.verify_password

    def counted(plain: str, known: str | None) -> tuple[bool, str | None]:
        answer = real(plain, known)
        made.append(known is not None)
        return answer

    monkeypatch.setattr(members, "verify_password", counted)
    return made


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that tries had to wait for their turn, which nobody really waits here."""
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(throttle, "sleep", note)
    return waits


@pytest.fixture
async def mira(database: object) -> Member:
    return await create_member(system_member(), email=EMAIL, password=RIGHT)


@pytest.fixture
async def client_at(settings: Settings, database: object) -> AsyncIterator[ClientAt]:
    """Clients of the application, each at a network address of its own."""
    app: FastAPI = create_app(settings, with_pages=False)
    made: list[httpx.AsyncClient] = []

    def at(address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app, client=(address, 1234))
        made.append(httpx.AsyncClient(transport=transport, base_url="http://cohort.test"))
        return made[-1]

    yield at
    for client in made:
        await client.aclose()


async def guess(client: httpx.AsyncClient, password: str = "wrong", email: str = EMAIL) -> int:
    answer = await client.post("/api/auth/token", data={"username": email, "password": password})
    return answer.status_code


async def by_form(client: httpx.AsyncClient, password: str) -> str:
    answer = await client.post("/signin", data={"email": EMAIL, "password": password}, headers=OWN)
    return answer.headers["location"]


async def test_a_thousand_from_one_address_cost_ten_hashes(client_at: ClientAt, mira, hashed, waited, clock):
    attacker = client_at("203.0.113.9")
    answers = [await guess(attacker, f"wrong {n}") for n in range(400)]
    clock.now += 30  # what the limit for all asking at sign-in gives back
    answers += await asyncio.gather(*(guess(attacker, f"wrong {n}") for n in range(600)))
    assert len(hashed) == 11
    assert (answers.count(401), answers.count(429)) == (11, 989)

    assert await guess(client_at("198.51.100.7"), RIGHT) == 200
    assert waited == []
    assert len(hashed) == 12


async def test_a_thousand_from_a_hundred_addresses_slow_strangers_down_by_two_seconds(
    client_at: ClientAt, mira, hashed, waited, clock
):
    known = client_at("198.51.100.7")
    assert await by_form(known, RIGHT) == "/"
    answers = []
    for n in range(100):
        attacker = client_at(f"203.0.113.{n}")
        answers += [await guess(attacker) for _ in range(10)]
    assert answers == [401] * 1_000
    assert max(waited) == pytest.approx(2, abs=0.01)
    waited.clear()

    assert await guess(client_at("192.0.2.1"), RIGHT) == 200
    assert waited == pytest.approx([2], abs=0.01)
    waited.clear()
    assert await by_form(known, RIGHT) == "/"
    assert waited == []


async def test_a_browser_that_was_here_before_is_not_held_up_by_its_neighbours(client_at: ClientAt, mira, clock):
    mine, neighbour = client_at("203.0.113.9"), client_at("203.0.113.9")
    assert await by_form(mine, RIGHT) == "/"
    for _ in range(50):
        await guess(neighbour)
    assert await by_form(neighbour, RIGHT) == "/signin?error=1&reason=throttled"
    assert await by_form(mine, RIGHT) == "/"
    clock.now += 30
    assert await by_form(neighbour, RIGHT) == "/"


async def test_that_browser_may_not_guess_for_ever_either(client_at: ClientAt, mira, clock, hashed):
    mine = client_at("203.0.113.9")
    assert await by_form(mine, RIGHT) == "/"
    hashed.clear()
    for n in range(50):
        await by_form(mine, f"wrong {n}")
    assert len(hashed) == throttle.ATTEMPTS


async def test_its_cookie_is_good_for_the_one_email(client_at: ClientAt, mira, clock, hashed):
    await create_member(system_member(), email="bob@example.com", password=RIGHT)
    mine = client_at("203.0.113.9")
    assert await by_form(mine, RIGHT) == "/"
    hashed.clear()
    for _ in range(30):
        await mine.post("/signin", data={"email": "bob@example.com", "password": "x"}, headers=OWN)
    assert len(hashed) == throttle.ATTEMPTS
    assert "bob" not in str(mine.cookies)


async def test_all_emails_together_from_one_address_are_bounded(client_at: ClientAt, mira, clock, hashed, waited):
    attacker = client_at("203.0.113.9")
    for n in range(300):
        await guess(attacker, "wrong", f"person{n}@example.com")
    assert len(hashed) == throttle.PER_ADDRESS.burst


async def test_many_right_ones_at_once_are_no_guesses(client_at: ClientAt, mira, clock):
    client = client_at("127.0.0.1")
    assert set(await asyncio.gather(*(guess(client, RIGHT) for _ in range(40)))) == {200}


async def test_an_unknown_address_costs_the_same_work(client_at: ClientAt, mira, clock, hashed):
    client = client_at("203.0.113.9")
    assert await guess(client) == await guess(client, email="nobody@example.com") == 401
    assert hashed == [True, False]
