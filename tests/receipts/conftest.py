"""A campaign that has been sent: one chunk, a delivery for each state asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from app.campaigns.record import signals
from app.campaigns.record.progress import Counts, counts_of
from app.campaigns.sending.ledger import tally_of
from app.database import collection
from app.receipts.ingesting import ingest_due
from app.receipts.service import receipt_key, record
from models import Campaign, Receipt
from models.campaign import CampaignState, Channel
from models.chunk import Chunk, ChunkState, Tally
from models.delivery import Delivery, DeliveryState
from models.receipt import ReceiptEvent

SENT_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
async def closed_signals(settings: object) -> AsyncIterator[None]:
    """No client of Redis outlives a test's loop."""
    yield
    await signals.close_signals()


async def sent_campaign(
    *states: str, channel: Channel = Channel.EMAIL, state: CampaignState = CampaignState.DONE
) -> tuple[Campaign, list[str]]:
    """A campaign of one chunk whose deliveries are in these states, and their ids."""
    campaign = Campaign(name="Spring", channel=channel, state=state, audience=len(states))
    await campaign.insert()
    assert campaign.id is not None
    people = [ObjectId() for _ in states]
    ids = [f"{campaign.id}:{person}" for person in people]
    for number, (id, person, one) in enumerate(zip(ids, people, states, strict=True)):
        await Delivery(
            id=id,
            campaign_id=campaign.id,
            customer_id=person,
            chunk=0,
            state=DeliveryState(one),
            channel=channel,
            address=f"P{number}@Example.com",
            name=f"P{number}",
            reason="words of the server" if one in ("failed", "unknown") else None,
            created_at=SENT_AT,
            updated_at=SENT_AT,
            sent_at=SENT_AT if one == "sent" else None,
        ).insert()
    await Chunk(
        id=f"{campaign.id}:0",
        campaign_id=campaign.id,
        n=0,
        customer_ids=people,
        size=len(people),
        state=ChunkState.DONE,
        tally=Tally(**tally_of(states)),
    ).insert()
    return campaign, ids


def receipt(id: str | None, event: str, *, minutes: float = 1, copy: str = "", **fields: Any) -> Receipt:
    """A receipt that is due. `copy` makes one that says the same and is another all the same."""
    at = SENT_AT + timedelta(minutes=minutes)
    key = receipt_key(id or fields["reference"], event, at=at, said=f"{fields} {copy}")
    return Receipt(id=key, delivery_id=id, event=ReceiptEvent(event), at=at, **fields)


async def take_in(*receipts: Receipt) -> None:
    """Record these and take them in."""
    await record(receipts)
    await ingest_due()
    assert await collection("receipts").count_documents({"ingested_at": None}) == 0


async def reload(id: str) -> Delivery:
    found = await Delivery.get(id)
    assert found is not None
    return found


async def counts(campaign: Campaign) -> Counts:
    found = await counts_of(campaign)
    assert found.adds_up, found
    return found
