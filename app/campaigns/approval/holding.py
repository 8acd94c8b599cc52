"""The last look before anybody gets anything: in the worker, whatever started the campaign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from app.audit import note
from app.auth.members import system_member
from app.campaigns.approval.needed import missing_approval
from models.campaign import Campaign
from models.campaign_approval import Approval

REASON = "It needs a second person's approval to go on"

log = structlog.get_logger(__name__)


async def held(row: Mapping[str, Any], *, newcomers: int = 0) -> dict[str, Any] | None:
    """The approval to wait for, as documents hold it, when a raw campaign may not go on without one; else None.

    It is asked for in the name of who launched it. Of a standing campaign that runs, `newcomers` are about to be added.
    """
    campaign = Campaign.model_validate(row)
    size = await missing_approval(campaign, newcomers=newcomers)
    if size is None:
        return None
    by = campaign.launched_by or campaign.created_by
    asked = Approval(people=size.people, rules=size.rules, held=True, requested_by=by)
    log.info("campaign held for approval", campaign=str(campaign.id), people=size.people)
    return asked.model_dump()


async def note_held(row: Mapping[str, Any], approval: Mapping[str, Any]) -> None:
    """Leave a line in the audit log, once the campaign was really held."""
    told = {"approval": "waiting", "people": approval["people"]}
    await note(system_member(), "campaign.hold", id=row["_id"], name=row.get("name", ""), after=told)
