"""Campaigns as members handle them: input, permissions, versions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bson import ObjectId

from app.campaigns.life import service
from app.campaigns.record.deliveries import get_delivery, list_deliveries, rendered_message
from app.campaigns.sending.chunk import send_chunk
from app.campaigns.sending.prepare import prepare
from app.channels.outbox import list_outbox, outbox_message
from app.errors import CohortError, Conflict, InvalidInput, NotFound, PermissionDenied
from models import Campaign, Member
from models.campaign import CampaignState
from models.values import now
from tests.campaigns.conftest import add_people, add_segment, draft

GOOD = {"name": "Spring", "subject": "Hi", "body": "Hello"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": None}, "name"),
        ({"subject": " "}, "subject"),
        ({"subject": "a\r\nBcc: b@c.d"}, "subject"),
        ({"subject": "{{ nothing }}"}, "subject"),
        ({"body": ""}, "body"),
        ({"body": "{% if %}"}, "body"),
        ({"channel": "sms"}, "channel"),
        ({"channel": "pigeon"}, "channel"),
        ({"segment_ids": ["nonsense"]}, "segment_ids[0]"),
        ({"segment_ids": [str(ObjectId())]}, "segment_ids"),
        ({"exclude_segment_ids": [str(ObjectId())]}, "exclude_segment_ids"),
        ({"throttle_per_second": 0}, "throttle_per_second"),
        ({"throttle_per_second": 100_001}, "throttle_per_second"),
        ({"holdout_percent": 51}, "holdout_percent"),
        ({"holdout_percent": "nan"}, "holdout_percent"),
        ({"scheduled_at": "tomorrow"}, "scheduled_at"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_wrong_input_is_refused_by_name_and_nothing_is_written(database, bob: Member, change: dict, field: str):
    with pytest.raises(InvalidInput) as caught:
        await service.create_campaign(bob, GOOD | change)
    assert caught.value.errors[0].field == field
    assert await Campaign.count() == 0


async def test_a_missing_subject_is_required(database, bob: Member):
    with pytest.raises(InvalidInput, match="subject: is required"):
        await service.create_campaign(bob, {"name": "x", "body": "y"})


async def test_viewers_look_and_do_not_touch(database, bob: Member, charlie: Member):
    campaign = await service.create_campaign(bob, GOOD)
    assert (await service.get_campaign(charlie, str(campaign.id))).name == "Spring"
    id = campaign.id
    for attempt in (
        service.create_campaign(charlie, GOOD),
        service.update_campaign(charlie, id, {"name": "x"}),
        service.delete_campaign(charlie, id),
        service.duplicate(charlie, id),
        service.send(charlie, id),
        service.pause(charlie, id),
        service.resume(charlie, id),
        service.cancel(charlie, id),
        service.retry(charlie, id),
        service.test(charlie, id, ["a@example.com"]),
    ):
        with pytest.raises(PermissionDenied):
            await attempt


async def test_editing_swaps_on_the_version(database, bob: Member):
    campaign = await service.create_campaign(bob, GOOD)
    changed = await service.update_campaign(bob, campaign.id, {"name": "Summer", "version": campaign.version})
    assert (changed.name, changed.subject, changed.version) == ("Summer", "Hi", campaign.version + 1)
    with pytest.raises(Conflict):
        await service.update_campaign(bob, campaign.id, {"name": "Autumn", "version": campaign.version})
    with pytest.raises(InvalidInput):
        await service.update_campaign(bob, campaign.id, {"body": "{{ broken"})
    with pytest.raises(NotFound):
        await service.update_campaign(bob, "nonsense", {"name": "x"})


async def test_sending_needs_segments_people_and_a_time_in_the_future(database, settings, bob: Member):
    campaign = await service.create_campaign(bob, GOOD)
    with pytest.raises(InvalidInput, match="segment_ids: choose at least one"):
        await service.send(bob, campaign.id)
    segment = await add_segment("All")
    await service.update_campaign(bob, campaign.id, {"segment_ids": [segment]})
    with pytest.raises(Conflict, match="Nobody is in these segments"):
        await service.send(bob, campaign.id)
    await add_people(2, email_opt_in=False)
    with pytest.raises(Conflict, match=r"None of the 2 people .* \(2: has not agreed to receive email\)"):
        await service.send(bob, campaign.id)
    await add_people(1, start=10)
    await service.update_campaign(bob, campaign.id, {"scheduled_at": now() - timedelta(hours=1)})
    with pytest.raises(InvalidInput, match="scheduled_at: is in the past"):
        await service.send(bob, campaign.id)
    await service.update_campaign(bob, campaign.id, {"scheduled_at": now() + timedelta(hours=1)})
    assert (await service.send(bob, campaign.id)).state is CampaignState.SCHEDULED
    with pytest.raises(Conflict, match="already scheduled"):
        await service.send(bob, campaign.id)
    back = await service.update_campaign(bob, campaign.id, {"scheduled_at": None})
    assert back.state is CampaignState.DRAFT
    launched = await service.send(bob, campaign.id)
    assert (launched.state, launched.launched_by) == (CampaignState.PREPARING, bob.id)
    for attempt in (
        service.send(bob, campaign.id),
        service.update_campaign(bob, campaign.id, {"name": "x"}),
        service.delete_campaign(bob, campaign.id),
    ):
        with pytest.raises(Conflict):
            await attempt


async def test_a_segment_that_vanishes_pauses_the_campaign_with_the_reason(database, settings, bob: Member):
    from app.segments.catalogue import forget_catalogue
    from models import Segment

    await add_people(1)
    campaign = await service.send(bob, (await draft(bob, [await add_segment("All")])).id)
    await Segment.find_all().delete()
    forget_catalogue()
    await prepare(campaign.id)
    paused = await service.get_campaign(bob, campaign.id)
    assert paused.state is CampaignState.PAUSED
    assert "cannot be found any more" in (paused.pause_reason or "")


async def test_listing_pages_filters_and_copies(database, bob: Member):
    made = [await service.create_campaign(bob, GOOD | {"name": f"Mail {number}"}) for number in range(5)]
    first, cursor = await service.list_campaigns(bob, limit=3)
    rest, end = await service.list_campaigns(bob, limit=3, cursor=cursor)
    assert [one.name for one in first + rest] == [f"Mail {number}" for number in (4, 3, 2, 1, 0)]
    assert end is None
    assert [one.name for one in (await service.list_campaigns(bob, search="mail 3"))[0]] == ["Mail 3"]
    assert (await service.list_campaigns(bob, state="done"))[0] == []
    copy = await service.duplicate(bob, made[0].id)
    assert (copy.name, copy.state, copy.body) == ("Mail 0 (copy)", CampaignState.DRAFT, "Hello")
    await service.delete_campaign(bob, copy.id)
    with pytest.raises(NotFound):
        await service.get_campaign(bob, copy.id)
    with pytest.raises(InvalidInput):
        await service.list_campaigns(bob, cursor="nonsense")


async def test_the_log_finds_deliveries_and_shows_the_message(settings, database, bob: Member):
    people = await add_people(5)
    await add_people(1, start=9, email_opt_in=False)
    campaign = await service.send(bob, (await draft(bob, [await add_segment("All")])).id)
    await prepare(campaign.id)
    await send_chunk(f"{campaign.id}:0")
    everything, none = await list_deliveries(bob, campaign_id=campaign.id)
    assert (len(everything), none) == (6, None)
    page, cursor = await list_deliveries(bob, campaign_id=str(campaign.id), state="sent", limit=3)
    more, _ = await list_deliveries(bob, campaign_id=str(campaign.id), state="sent", limit=3, cursor=cursor)
    assert len({one.id for one in page + more}) == 5
    assert [one.reason for one in (await list_deliveries(bob, state="skipped"))[0]] == [
        "Has not agreed to receive email"
    ]
    found, _ = await list_deliveries(bob, search="p3@exam")
    assert [one.address for one in found] == ["p3@example.com"]
    assert len((await list_deliveries(bob, customer_id=people[0]))[0]) == 1
    assert (await get_delivery(bob, found[0].id)).name == "P3 Person"
    assert (await rendered_message(bob, found[0].id)).subject == "Hello P3"
    kept, cursor = await list_outbox(bob, limit=2)
    assert (len(kept), cursor is not None) == (2, True)
    assert len((await list_outbox(bob, limit=200, cursor=cursor))[0]) == 3
    assert [one.recipient for one in (await list_outbox(bob, search="P3 person"))[0]] == ["p3@example.com"]
    message = await outbox_message(bob, found[0].id)
    assert message.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for attempt in (
        outbox_message(bob, "none"),
        get_delivery(bob, "none"),
        list_deliveries(bob, state="lost"),
        list_deliveries(bob, campaign_id="nonsense"),
    ):
        with pytest.raises(CohortError):
            await attempt


async def test_preview_as_a_customer_or_an_example(settings, database, charlie: Member):
    person = (await add_people(1))[0]
    shown = await service.preview_message(charlie, "Hi {{ customer.name }}", "Hello", str(person))
    assert shown.subject == "Hi P0 Person"
    assert "/u/" in shown.text
    assert (
        await service.preview_message(charlie, "Hi {{ customer.name }}", "Hello", None)
    ).subject == "Hi Ada Lovelace"
    with pytest.raises(NotFound):
        await service.preview_message(charlie, "x", "y", str(ObjectId()))


async def test_test_messages_go_out_marked_and_leave_no_trace(mailing, sink, bob: Member):
    sink.keep_bodies = True
    sink.script.rcpt = {"no@example.com": "550 5.1.1 unknown"}
    await add_people(1)
    campaign = await draft(bob, [])
    results = await service.test(bob, campaign.id, ["me@example.com", "no@example.com", "me@example.com"])
    assert [(one.address, one.sent) for one in results] == [("me@example.com", True), ("no@example.com", False)]
    assert results[1].words == "550 5.1.1 unknown"
    assert b"Subject: [Test] Hello P0" in sink.received[0].content
    assert (await list_deliveries(bob))[0] == []
    with pytest.raises(InvalidInput, match=r"addresses\[0\]"):
        await service.test(bob, campaign.id, ["nonsense"])
    sink.stop()
    assert "cannot be reached" in (await service.test(bob, campaign.id, ["me@example.com"]))[0].words
