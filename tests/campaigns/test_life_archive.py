"""Archived campaigns leave the list and keep what they have; what may be retried, and why not the rest."""

from __future__ import annotations

import asyncio

import pytest

from app.campaigns.life import service
from app.campaigns.sending.chunk import send_chunk
from app.campaigns.sending.finalize import finalize
from app.campaigns.sending.prepare import prepare
from app.database import collection
from app.errors import Conflict, InvalidInput, PermissionDenied
from models import Campaign, Member
from models.campaign import CampaignState
from tests.campaigns.conftest import add_people, add_segment, draft, reload


async def _names(member: Member, **filters: object) -> list[str]:
    return [one.name for one in (await service.list_campaigns(member, **filters))[0]]


async def test_it_leaves_the_list_and_comes_back(database, bob: Member, charlie: Member):
    kept = await draft(bob, [], name="Kept")
    away = await draft(bob, [], name="Away")
    archived = await service.archive(bob, away.id)
    assert archived.archived_at is not None
    assert (await service.archive(bob, away.id)).archived_at == archived.archived_at
    assert await _names(charlie) == ["Kept"]
    assert await _names(charlie, archived=True) == ["Away"]
    assert await _names(charlie, archived=True, search="kept") == []
    assert (await reload(away)).version == away.version
    assert (await service.unarchive(bob, away.id)).archived_at is None
    assert sorted(await _names(charlie)) == ["Away", "Kept"]
    for attempt in (service.archive(charlie, kept.id), service.unarchive(charlie, kept.id)):
        with pytest.raises(PermissionDenied):
            await attempt


@pytest.mark.parametrize("state", list(CampaignState))
async def test_only_what_is_not_under_way_can_be_archived(database, bob: Member, state: CampaignState):
    campaign = await draft(bob, [])
    await Campaign.find_one({"_id": campaign.id}).update({"$set": {"state": state}})
    if state in (CampaignState.DRAFT, CampaignState.DONE, CampaignState.CANCELLED):
        assert (await service.archive(bob, campaign.id)).archived_at is not None
        return
    with pytest.raises(Conflict, match=f"is {state}; only drafts and campaigns that are done or cancelled"):
        await service.archive(bob, campaign.id)


async def test_sending_an_archived_draft_brings_it_back(database, settings, bob: Member):
    await add_people(1)
    campaign = await draft(bob, [await add_segment("All")])
    await service.archive(bob, campaign.id)
    assert (await service.send(bob, campaign.id)).archived_at is None


async def test_the_campaigns_of_a_series_are_listed_archived_or_not(database, bob: Member):
    series = await draft(bob, [], name="Series")
    for name in ("One", "Two"):
        one = await draft(bob, [], name=name)
        await Campaign.find_one({"_id": one.id}).update({"$set": {"series_id": series.id}})
    await service.archive(bob, (await Campaign.find_one({"name": "One"})).id)
    assert sorted(await _names(bob, series_id=str(series.id))) == ["One", "Two"]
    with pytest.raises(InvalidInput):
        await _names(bob, series_id="nonsense")


async def test_a_cancelled_campaign_is_not_retried_and_says_why(database, settings, bob: Member):
    await add_people(1)
    campaign = await service.send(bob, (await draft(bob, [await add_segment("All")])).id)
    await service.cancel(bob, campaign.id)
    with pytest.raises(Conflict, match=r"was cancelled, which is for good\. Duplicate it"):
        await service.retry(bob, campaign.id)


async def test_a_copy_has_everything_but_the_time(database, bob: Member):
    plan = {
        "preview_text": "Soon",
        "ambiguity": "resend",
        "window_messages": 100,
        "window_minutes": 60,
        "warm_up": {"first_day": 20, "growth": 3},
        "channel": "simulator",
        "simulation": {"seed": 3, "failed": 0.5},
        "standing": True,
        "holdout_percent": 5,
        "throttle_per_second": 9,
    }
    campaign = await draft(bob, [], **plan, scheduled_at="2031-01-01T09:00")
    copy = await service.duplicate(bob, campaign.id)
    same = {"name", "id", "revision_id", "scheduled_at", "created_at", "updated_at"}
    assert copy.model_dump(exclude=same) == campaign.model_dump(exclude=same)
    assert (copy.name, copy.scheduled_at) == ("Spring (copy)", None)


@pytest.mark.parametrize("channel", ["sms", "webhook"])
async def test_a_channel_without_a_subject_needs_only_a_body(database, settings, bob: Member, channel: str):
    from app.settings import use_settings

    url = "http://127.0.0.1:9/"
    use_settings(settings.model_copy(update={"sms_url": url, "webhook_url": url}))
    campaign = await service.create_campaign(bob, {"name": "x", "channel": channel, "body": "Hi"})
    assert (campaign.subject, campaign.channel) == ("", channel)
    with pytest.raises(InvalidInput) as caught:
        await service.update_campaign(bob, campaign.id, {"preview_text": "Soon"})
    assert caught.value.errors[0].field == "preview_text"
    with pytest.raises(InvalidInput, match="subject: is required"):
        await service.update_campaign(bob, campaign.id, {"channel": "email"})


async def test_what_is_done_to_a_campaign_is_in_the_audit_log(database, settings, bob: Member):
    await add_people(2)
    campaign = await draft(bob, [await add_segment("All")])
    await service.update_campaign(bob, campaign.id, {"subject": "Written on"})
    await service.send(bob, campaign.id)
    await service.pause(bob, campaign.id)
    await service.resume(bob, campaign.id)
    await service.cancel(bob, campaign.id)
    await service.archive(bob, campaign.id)
    await service.unarchive(bob, campaign.id)
    await service.delete_campaign(bob, campaign.id)
    lines = await collection("audit").find({"object_id": str(campaign.id)}).sort("_id", 1).to_list()
    did = ["create", "send", "pause", "resume", "cancel", "archive", "unarchive", "delete"]
    assert [line["action"] for line in lines] == [f"campaign.{action}" for action in did]
    assert {line["member"] for line in lines} == {"Bob"}
    assert lines[1]["after"]["subject"] == "Written on"
    assert (lines[2]["before"]["state"], lines[2]["after"]["state"]) == ("preparing", "paused")


async def test_of_two_that_retry_at_once_one_does(database, settings, bob: Member):
    await add_people(2)
    campaign = await service.send(bob, (await draft(bob, [await add_segment("All")])).id)
    await prepare(campaign.id)
    await send_chunk(f"{campaign.id}:0")
    await finalize(campaign.id)
    await collection("deliveries").update_many({"campaign_id": campaign.id}, {"$set": {"state": "failed"}})
    answers = await asyncio.gather(*(service.retry(bob, campaign.id) for _ in range(3)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in answers) == ["Campaign", "Conflict", "Conflict"]
