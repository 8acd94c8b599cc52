"""How many requests are answered, to whom, and what a refusal says."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.api import rate_limits
from app.campaigns.pacing import script
from app.limits import allowance, buckets, local
from app.limits.buckets import Limit
from app.settings import Settings, use_settings
from models import Member
from tests.api.conftest import client_of
from tests.signing_in import access_of


class Clock:
    """Redis's clock and this process's, turned by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    hands = Clock()
    monkeypatch.setattr(script, "CLOCK", hands)
    monkeypatch.setattr(allowance, "monotonic", hands)
    # An earlier test may have found Redis away a moment ago.
    monkeypatch.setattr(buckets, "_resting_until", 0.0)
    allowance.forget()
    return hands


@pytest.fixture
def sixty(settings: Settings) -> None:
    """Sixty requests a minute."""
    use_settings(settings.model_copy(update={"api_requests_per_minute": 60}))


async def statuses(client: httpx.AsyncClient, count: int, path: str = "/api/me") -> list[int]:
    return [(await client.get(path)).status_code for _ in range(count)]


async def test_past_the_limit_each_member_waits_alone(app: FastAPI, owner, marketer, clock: Clock, sixty):
    assert await statuses(owner, 60) == [200] * 60
    late = await owner.get("/api/me")
    assert (late.status_code, late.headers["content-type"]) == (429, "application/problem+json")
    assert late.json()["title"] == "Too many requests"
    assert late.headers["Retry-After"] == "1"
    assert late.headers["RateLimit-Remaining"] == "0"
    assert (await marketer.get("/api/me")).status_code == 200
    clock.now += 2
    assert await statuses(owner, 3) == [200, 200, 429]


async def test_every_answer_says_what_is_left(owner, clock: Clock, sixty):
    first, second = await owner.get("/api/me"), await owner.get("/api/customers")
    assert (first.headers["RateLimit-Limit"], first.headers["RateLimit-Remaining"]) == ("60", "59")
    assert second.headers["RateLimit-Remaining"] == "58"
    assert second.headers["RateLimit-Policy"] == "60;w=60;burst=60"
    assert second.headers["RateLimit-Reset"] == "2"


async def test_one_member_has_one_limit_however_it_comes(app: FastAPI, alice: Member, clock: Clock, sixty):
    async with client_of(app, alice) as one, client_of(app, alice) as other:
        other.headers["Authorization"] = f"Bearer {await access_of(alice)}"
        assert await statuses(one, 40) == [200] * 40
        assert await statuses(other, 25) == [200] * 20 + [429] * 5


async def test_who_is_not_signed_in_is_counted_by_address(app: FastAPI, owner, stranger, clock: Clock, sixty):
    assert await statuses(stranger, 62) == [401] * 60 + [429] * 2
    assert (await owner.get("/api/me")).status_code == 200


async def test_health_and_metrics_are_never_counted(stranger, clock: Clock, sixty):
    for path in ("/healthz", "/readyz", "/metrics"):
        assert await statuses(stranger, 80, path) == [200] * 80
        assert "RateLimit-Limit" not in (await stranger.get(path)).headers


async def test_the_default_lets_a_busy_client_be(owner, clock: Clock):
    """Two hundred requests at one moment; the default is a thousand a second with a minute's worth at once."""
    assert await statuses(owner, 200) == [200] * 200
    left = int((await owner.get("/api/me")).headers["RateLimit-Remaining"])
    assert left == 60_000 - 201


async def test_nought_is_no_limit(owner, settings: Settings, clock: Clock):
    use_settings(settings.model_copy(update={"api_requests_per_minute": 0}))
    answer = await owner.get("/api/me")
    assert "RateLimit-Limit" not in answer.headers


async def test_a_process_asks_redis_seldom(owner, clock: Clock, monkeypatch: pytest.MonkeyPatch):
    asked: list[int] = []
    real = allowance.take

    async def counted(of, *, want=1):
        asked.append(want)
        return await real(of, want=want)

    monkeypatch.setattr(allowance, "take", counted)
    await statuses(owner, 150)
    assert asked == [100, 100]
    use_settings(None)


async def test_without_redis_each_process_counts_by_itself(
    owner, settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(buckets, "_resting_until", 0.0)
    away = {"redis_url": "redis://127.0.0.1:1/0", "api_requests_per_minute": 60}
    use_settings(settings.model_copy(update=away))
    assert await statuses(owner, 62) == [200] * 60 + [429] * 2
    local.forget()
    monkeypatch.setattr(buckets, "_resting_until", 0.0)


async def test_receipts_have_a_limit_of_their_own(stranger, clock: Clock, monkeypatch: pytest.MonkeyPatch, sixty):
    few = Limit(name="test-receipts", per_minute=6, burst=3)
    monkeypatch.setattr(rate_limits, "_BY_ADDRESS", (("/api/receipts", few),))
    answers = [(await stranger.post("/api/receipts", json={})).status_code for _ in range(5)]
    assert answers == [401, 401, 401, 429, 429]
    assert await statuses(stranger, 60) == [401] * 60


async def test_behind_a_trusted_proxy_each_client_counts_and_nobody_can_pretend(app: FastAPI, clock: Clock, sixty):
    async def answers(peer: str, forwarded: str, count: int) -> list[int]:
        behind = ProxyHeadersMiddleware(app, trusted_hosts="10.0.0.0/8")
        transport = httpx.ASGITransport(behind, client=(peer, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://cohort.test") as client:
            client.headers["X-Forwarded-For"] = forwarded
            return await statuses(client, count)

    assert await answers("10.0.0.1", "203.0.113.9", 61) == [401] * 60 + [429]
    assert await answers("10.0.0.1", "203.0.113.10", 1) == [401]
    # The attacker's own words come first, the proxy's last: a made-up address in front changes nothing.
    assert await answers("10.0.0.1", "6.6.6.6, 203.0.113.9", 1) == [429]
    # And from an address that is no proxy of ours the header counts for nothing.
    assert await answers("198.51.100.7", "203.0.113.77", 60) == [401] * 60
    assert await answers("198.51.100.7", "203.0.113.78", 1) == [429]


async def test_invitations_and_uploads_are_counted(alice: Member, clock: Clock, monkeypatch: pytest.MonkeyPatch):
    from app.auth import password_links
    from app.imports import service
    from app.limits import members
    from app.limits.buckets import TooManyRequests

    few = Limit(name="few", per_minute=1, burst=2)
    monkeypatch.setitem(members._WORDS, few, "You sent {burst} already.")
    monkeypatch.setattr(password_links, "LETTERS", few)
    monkeypatch.setattr(service, "UPLOADS", few)
    for n in range(2):
        await password_links.invite(alice, email=f"new{n}@example.com")
    with pytest.raises(TooManyRequests, match="You sent 2 already"):
        await password_links.invite(alice, email="new2@example.com")
    with pytest.raises(TooManyRequests):
        await service.start_import(alice, "customers", "a.csv", b"email\n")
