"""A member says what became of messages that may or may not have arrived."""

from __future__ import annotations

import asyncio

import pytest

from app.audit.listing import list_entries
from app.campaigns.life import service as campaigns
from app.errors import Conflict, NotFound, PermissionDenied
from app.receipts.service import resolve_all_unknown, resolve_unknown
from models import Member
from models.campaign import CampaignState
from tests.receipts.conftest import SENT_AT, counts, receipt, reload, sent_campaign, take_in


async def test_one_that_arrived_is_sent_and_remembers_who_said_so(database, bob: Member):
    campaign, ids = await sent_campaign("unknown", "unknown")
    found = await resolve_unknown(bob, ids[0], arrived=True)
    assert (found.state, found.reason) == ("sent", None)
    assert found.sent_at is not None
    assert [(event.state, event.words) for event in found.history] == [("sent", "Bob marked it as arrived.")]
    assert found.updated_at > SENT_AT
    after = await counts(campaign)
    assert (after.sent, after.unknown, after.failed) == (1, 1, 0)


async def test_one_that_did_not_has_failed_and_can_be_tried_again(database, bob: Member):
    campaign, ids = await sent_campaign("unknown", "sent")
    found = await resolve_unknown(bob, ids[0], arrived=False)
    assert (found.state, found.reason) == ("failed", "Bob marked it as not arrived.")
    assert (await counts(campaign)).failed == 1
    again = await campaigns.retry(bob, str(campaign.id), "failed")
    assert again.state is CampaignState.RUNNING


async def test_all_at_once_in_a_campaign_that_is_done(database, bob: Member):
    campaign, _ = await sent_campaign(*["unknown"] * 7, "sent", "failed")
    assert await resolve_all_unknown(bob, str(campaign.id), arrived=True) == 7
    found = await counts(campaign)
    assert (found.sent, found.unknown, found.failed) == (8, 0, 1)
    assert await resolve_all_unknown(bob, str(campaign.id), arrived=False) == 0


async def test_the_audit_log_says_who_decided_what(database, alice: Member, bob: Member):
    campaign, ids = await sent_campaign("unknown", "unknown", "unknown")
    await resolve_unknown(bob, ids[0], arrived=True)
    await resolve_all_unknown(bob, str(campaign.id), arrived=False)
    await resolve_all_unknown(bob, str(campaign.id), arrived=False)
    found, _ = await list_entries(alice)
    assert [(line.action, line.member, line.object_id) for line in found] == [
        ("campaign.resolve", "Bob", str(campaign.id)),
        ("delivery.resolve", "Bob", ids[0]),
    ]
    assert found[0].after == {"unknown": 0, "failed": 2}
    assert (found[1].before, found[1].after) == ({"state": "unknown"}, {"state": "sent"})


async def test_what_is_known_by_now_stays(database, bob: Member):
    _, ids = await sent_campaign("unknown", "sent")
    await take_in(receipt(ids[0], "delivered"))
    for id, state in zip(ids, ("delivered", "sent"), strict=True):
        with pytest.raises(Conflict, match=state):
            await resolve_unknown(bob, id, arrived=False)
        assert (await reload(id)).state == state


async def test_two_members_at_once_decide_once(database, alice: Member, bob: Member):
    campaign, ids = await sent_campaign("unknown")
    answers = await asyncio.gather(
        resolve_unknown(alice, ids[0], arrived=True),
        resolve_unknown(bob, ids[0], arrived=False),
        return_exceptions=True,
    )
    assert [isinstance(answer, Conflict) for answer in answers].count(True) == 1
    assert len((await reload(ids[0])).history) == 1
    await counts(campaign)


async def test_a_receipt_still_moves_what_was_decided(database, bob: Member):
    campaign, ids = await sent_campaign("unknown")
    await resolve_unknown(bob, ids[0], arrived=True)
    await take_in(receipt(ids[0], "delivered"))
    assert (await reload(ids[0])).state == "delivered"
    assert (await counts(campaign)).delivered == 1


async def test_viewers_may_not_and_what_is_not_there_is_said(database, bob: Member, charlie: Member):
    campaign, ids = await sent_campaign("unknown")
    with pytest.raises(PermissionDenied):
        await resolve_unknown(charlie, ids[0], arrived=True)
    with pytest.raises(PermissionDenied):
        await resolve_all_unknown(charlie, str(campaign.id), arrived=True)
    for missing in ("x", "0" * 24 + ":" + "1" * 24):
        with pytest.raises(NotFound):
            await resolve_unknown(bob, missing, arrived=True)
    for missing in ("x", "0" * 24):
        with pytest.raises(NotFound):
            await resolve_all_unknown(bob, missing, arrived=True)
    assert (await reload(ids[0])).state == "unknown"
