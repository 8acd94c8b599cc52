"""When a campaign waits by itself, and when it is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from app.campaigns.life import service
from app.campaigns.pacing import breaker, note_away, note_back, note_limit, outage
from app.database import collection
from models import Campaign, Member
from models.campaign import CampaignState
from models.values import now
from tests.campaigns.conftest import draft, reload

REFUSED = "The mail server at mx.example.com refuses the sign-in: 535 5.7.8 wrong password"
AWAY = "The mail server at mx.example.com cannot be reached: connection refused"


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Seconds from now on; add to them to let time pass."""
    passed = [0.0]
    start = now()
    monkeypatch.setattr(outage, "now", lambda: start + timedelta(seconds=passed[0]))
    return passed


async def running(member: Member, **fields: Any) -> Campaign:
    """A campaign that is being sent, without a worker."""
    campaign = await draft(member, [], **fields)
    change = {"state": CampaignState.RUNNING, "audience": 5_000, "updated_at": now() - timedelta(minutes=1)}
    await collection("campaigns").update_one({"_id": campaign.id}, {"$set": change})
    await collection("chunks").insert_one(
        {"_id": f"{campaign.id}:0", "campaign_id": campaign.id, "n": 0, "size": 5_000, "customer_ids": []}
        | {"state": "waiting", "attempts": 3, "next_at": now() + timedelta(seconds=30), "tally": {}}
    )
    return await reload(campaign)


async def outcomes(campaign: Campaign, domain: str, *, sent: int = 0, failed: int = 0, reason: str = "550 no") -> None:
    """Write these deliveries, and count them in the chunk."""
    moment = now()
    states = [("sent", None)] * sent + [("failed", reason)] * failed
    await collection("deliveries").insert_many(
        {
            "_id": f"{campaign.id}:{ObjectId()}",
            "campaign_id": campaign.id,
            "state": state,
            "domain": domain,
            "reason": words,
            "updated_at": moment,
        }
        for state, words in states
    )
    await collection("chunks").update_one(
        {"campaign_id": campaign.id}, {"$inc": {"tally.sent": sent, "tally.failed": failed}}
    )


async def consider(campaign: Campaign, words: str = "550 5.1.1 no such user") -> Campaign:
    """Look now, however lately somebody looked."""
    breaker._next_look.clear()
    await breaker.consider(campaign.id, words)
    return await reload(campaign)


# Refusals


async def test_few_refusals_or_few_attempts_pause_nothing(database: object, bob: Member):
    campaign = await running(bob)
    await outcomes(campaign, "x.org", sent=150, failed=49)
    assert (await consider(campaign)).state is CampaignState.RUNNING
    await outcomes(campaign, "y.org", sent=1_000)
    assert (await consider(campaign)).state is CampaignState.RUNNING


async def test_more_than_one_in_twenty_pauses_with_the_last_answer(database: object, bob: Member):
    campaign = await running(bob)
    await outcomes(campaign, "x.org", sent=95, failed=5)
    await outcomes(campaign, "y.org", sent=94, failed=6)
    paused = await consider(campaign, "550 5.1.1 no such user")
    assert paused.state is CampaignState.PAUSED
    assert paused.pause_reason == (
        "Paused because 11 of 200 messages (6%) were refused for good. The last answer was: 550 5.1.1 no such user"
    )
    again = await consider(campaign, "550 another")
    assert (again.version, again.pause_reason) == (paused.version, paused.pause_reason)


async def test_one_domain_that_has_had_enough_pauses_though_it_is_few_of_all(database: object, bob: Member):
    campaign = await running(bob)
    await outcomes(campaign, "gmail.com", sent=188, failed=12, reason="550 5.1.1 gone")
    await outcomes(campaign, "x.org", sent=1_500, failed=10)
    paused = await consider(campaign)
    assert paused.pause_reason is not None
    assert paused.pause_reason.startswith("Paused because 12 of 200 messages to gmail.com (6%) were refused for good.")


async def test_refusals_for_policy_say_what_to_check(database: object, bob: Member):
    campaign = await running(bob)
    await outcomes(campaign, "x.org", sent=200, failed=20, reason="550 5.7.26 unauthenticated mail")
    paused = await consider(campaign, "550 5.7.26 unauthenticated mail")
    assert paused.pause_reason is not None
    assert "most for reasons of policy (5.7)" in paused.pause_reason
    assert "Check SPF, DKIM and DMARC" in paused.pause_reason
    assert paused.pause_reason.endswith("The last answer was: 550 5.7.26 unauthenticated mail")


async def test_resume_judges_what_comes_after_it(database: object, bob: Member):
    campaign = await running(bob)
    await outcomes(campaign, "x.org", sent=300, failed=40)
    assert (await consider(campaign)).state is CampaignState.PAUSED
    await service.resume(bob, campaign.id)
    assert (await consider(campaign)).state is CampaignState.RUNNING
    await outcomes(campaign, "x.org", sent=300, failed=5)
    assert (await consider(campaign)).state is CampaignState.RUNNING
    await outcomes(campaign, "x.org", failed=40)
    paused = await consider(campaign)
    assert paused.pause_reason is not None
    assert "45 of 345" in paused.pause_reason


async def test_the_simulated_vendors_tenth_pauses_nothing(database: object, bob: Member):
    campaign = await running(bob)
    await collection("campaigns").update_one({"_id": campaign.id}, {"$set": {"channel": "simulator"}})
    await outcomes(campaign, "x.org", sent=900, failed=100)
    assert (await consider(campaign)).state is CampaignState.RUNNING
    await outcomes(campaign, "x.org", failed=300)
    assert (await consider(campaign)).state is CampaignState.PAUSED


# Servers that cannot be used


async def test_a_server_that_is_away_is_waited_for(database: object, bob: Member, ticks: list[float]):
    campaign = await running(bob)
    await note_away(campaign.id, AWAY)
    waiting = await reload(campaign)
    assert (waiting.state, waiting.waiting_reason, waiting.away) == (CampaignState.RUNNING, AWAY, 1)
    await note_back(campaign.id)
    back = await reload(campaign)
    assert (back.waiting_reason, back.away, back.away_at) == (None, 0, None)
    chunk = await collection("chunks").find_one({"campaign_id": campaign.id})
    assert chunk is not None
    assert (chunk["next_at"], chunk["attempts"]) == (None, 0)


@pytest.mark.parametrize("workers", [1, 3, 12])
async def test_a_minute_away_pauses_nothing_however_many_knock(
    database: object, bob: Member, ticks: list[float], workers: int
):
    """Each worker's channel knocks after 1, 2, 4 ... 30 s, and two chunks of each tell what it heard."""
    campaign = await running(bob)
    knocks = sorted((at + worker * 0.07, worker) for at in (0, 1, 3, 7, 15, 31) for worker in range(workers))
    for at, _ in knocks:
        for delay in (0.0, 0.02):
            ticks[0] = at + delay
            await note_away(campaign.id, AWAY)
    waiting = await reload(campaign)
    assert (waiting.state, waiting.away) == (CampaignState.RUNNING, 6)
    await note_back(campaign.id)
    ticks[0] = 62
    await note_away(campaign.id, AWAY)
    assert (await reload(campaign)).away == 1


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (REFUSED, f"Paused after 20 failed sign-ins: {REFUSED}. Check SMTP_URL, then resume."),
        (AWAY, f"Paused after 20 failed attempts to reach it: {AWAY}. Check SMTP_URL, then resume."),
    ],
)
async def test_twenty_failures_in_a_row_pause_with_the_reason(
    database: object, bob: Member, ticks: list[float], words: str, what: str
):
    campaign = await running(bob)
    pause, told = 1.0, 0
    while (await reload(campaign)).state is CampaignState.RUNNING:
        await note_away(campaign.id, words)
        told += 1
        ticks[0] += pause
        pause = min(pause * 2, 30)
    paused = await reload(campaign)
    assert (told, paused.state, paused.pause_reason, paused.waiting_reason) == (20, CampaignState.PAUSED, what, None)
    assert ticks[0] > 6 * 60
    await note_away(campaign.id, words)
    assert (await reload(campaign)).version == paused.version
    chunk = await collection("chunks").find_one({"campaign_id": campaign.id})
    assert chunk is not None
    assert chunk["next_at"] is None


async def test_resume_counts_anew(database: object, bob: Member, ticks: list[float]):
    campaign = await running(bob)
    for _ in range(15):
        await note_away(campaign.id, AWAY)
        ticks[0] += 30
    assert (await reload(campaign)).away == 15
    await service.pause(bob, campaign.id)
    await service.resume(bob, campaign.id)
    later = now() + timedelta(seconds=ticks[0] + 1)
    await collection("campaigns").update_one({"_id": campaign.id}, {"$set": {"updated_at": later}})
    ticks[0] += 5
    await note_away(campaign.id, AWAY)
    assert (await reload(campaign)).away == 1


# Limits of its own


async def test_a_used_up_limit_shows_until_it_has_room_again(database: object, bob: Member, ticks: list[float]):
    campaign = await running(bob)
    until = outage.now() + timedelta(minutes=10)
    await note_limit(campaign.id, "Warm-up: 50 on day 1; continues at 09:00", until)
    # A message that was under way when the limit was reached ends nothing.
    await note_back(campaign.id)
    waiting = await reload(campaign)
    assert (waiting.waiting_reason, waiting.waiting_until) == ("Warm-up: 50 on day 1; continues at 09:00", until)
    ticks[0] = 601
    await note_back(campaign.id)
    assert (await reload(campaign)).waiting_reason is None


async def test_a_paused_campaign_shows_no_waiting(database: object, bob: Member):
    campaign = await running(bob)
    await service.pause(bob, campaign.id)
    await note_limit(campaign.id, "Limit", now() + timedelta(minutes=1))
    await note_away(campaign.id, AWAY)
    assert (await reload(campaign)).waiting_reason is None
