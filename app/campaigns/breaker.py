"""Stops a campaign that the mail server keeps refusing, before it ruins the sender's name."""

from __future__ import annotations

import time

from beanie import PydanticObjectId
from bson import ObjectId

from app.campaigns.progress import counts_of
from app.campaigns.states import move
from models.campaign import Campaign, CampaignState

SHARE = 0.05
"""Hard failures among attempts that are too many; mailbox providers act on far less."""

MINIMUM = 200
"""Attempts before a share means anything."""

SECONDS_BETWEEN = 0.5

_looked: dict[ObjectId, float] = {}


async def consider(campaign_id: ObjectId, words: str) -> None:
    """Pause the campaign when more than 5 % of at least 200 attempts since its start or resume failed for good.

    Looks at most twice a second for each campaign; `words` are the server's, for the reason.
    """
    moment = time.monotonic()
    if moment - _looked.get(campaign_id, 0.0) < SECONDS_BETWEEN:
        return
    if len(_looked) > 1_000:
        _looked.clear()
    _looked[campaign_id] = moment
    campaign = await Campaign.get(PydanticObjectId(campaign_id))
    if campaign is None or campaign.state is not CampaignState.RUNNING:
        return
    counts = await counts_of(campaign)
    failed = counts.failed - campaign.breaker_failed
    attempts = counts.sent - campaign.breaker_sent + failed
    if attempts < MINIMUM or failed <= SHARE * attempts:
        return
    reason = (
        f"Paused because {failed:,} of {attempts:,} messages ({failed / attempts:.0%}) were refused for good. "
        f"The last answer was: {words}"
    )
    await move(campaign, CampaignState.PAUSED, pause_reason=reason, waiting_reason=None)
