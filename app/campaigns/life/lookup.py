"""Finding one campaign."""

from __future__ import annotations

from beanie import PydanticObjectId

from app.auth.permissions import require
from app.errors import NotFound
from models.campaign import Campaign
from models.member import Member


async def get_campaign(member: Member, id: PydanticObjectId | str) -> Campaign:
    """The campaign with this id. Raises NotFound, also for text that is no id."""
    require(member, "campaigns.read")
    campaign = await Campaign.get(PydanticObjectId(id)) if PydanticObjectId.is_valid(id) else None
    if campaign is None:
        raise NotFound("There is no campaign with this id.")
    return campaign
