"""The end of a campaign: the ledger has the last word on every count."""

from __future__ import annotations

import pytest

from app.campaigns.life import service
from app.campaigns.sending.chunk import send_chunk
from app.campaigns.sending.finalize import finalize
from app.campaigns.sending.prepare import prepare
from app.database import collection
from models import Campaign, Member
from models.campaign import CampaignState
from tests.campaigns.conftest import add_people, add_segment, counts, draft, reload


@pytest.fixture
async def sent(database, settings, bob: Member) -> Campaign:
    """A campaign to 203 people in two chunks, all of them sent, that waits for its end."""
    await add_people(203)
    campaign = await service.send(bob, (await draft(bob, [await add_segment("All")])).id)
    assert campaign.id is not None
    await prepare(campaign.id)
    await send_chunk(f"{campaign.id}:0")
    await send_chunk(f"{campaign.id}:1")
    assert (await reload(campaign)).state is CampaignState.RUNNING
    return campaign


async def test_what_the_tallies_say_is_right(sent: Campaign):
    await finalize(sent.id)
    assert (await reload(sent)).state is CampaignState.DONE
    assert (await counts(sent)).sent == 203


@pytest.mark.parametrize("told", [{"sent": 2, "failed": 1}, {"sent": 1}, {"sent": 3, "unknown": 1}, {}])
async def test_a_tally_that_is_wrong_is_written_anew(sent: Campaign, told: dict[str, int]):
    await collection("chunks").update_one({"_id": f"{sent.id}:1"}, {"$set": {"tally": told}})
    await finalize(sent.id)
    assert (await reload(sent)).state is CampaignState.DONE
    found = await counts(sent)
    assert (found.sent, found.failed, found.unknown, found.pending) == (203, 0, 0, 0)


async def test_a_delivery_that_is_missing_opens_its_chunk_again(sent: Campaign):
    await collection("deliveries").delete_one({"campaign_id": sent.id, "chunk": 1})
    await finalize(sent.id)
    assert (await reload(sent)).state is CampaignState.RUNNING
    found = await counts(sent)
    assert (found.sent, found.pending) == (202, 1)
    await send_chunk(f"{sent.id}:1")
    await finalize(sent.id)
    assert (await reload(sent)).state is CampaignState.DONE
    assert (await counts(sent)).sent == 203


async def test_who_was_changed_behind_the_tally_is_counted(sent: Campaign):
    for chunk, state in ((0, "failed"), (1, "unknown")):
        await collection("deliveries").update_one({"campaign_id": sent.id, "chunk": chunk}, {"$set": {"state": state}})
    await finalize(sent.id)
    found = await counts(sent)
    assert (found.sent, found.failed, found.unknown) == (201, 1, 1)
    assert found.adds_up
