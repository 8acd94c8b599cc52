"""A campaign as it is being written: what is in the fields, what is still missing, what of it is saved."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from app.campaigns.audience import Estimate
from models import Campaign
from models.campaign import CampaignState, Channel


@dataclass(kw_only=True)
class Draft:
    """The fields of the composer. `day` and `hour` are in the member's zone and count only while `later` is on."""

    zone: ZoneInfo
    campaign_id: str | None = None
    version: int | None = None
    state: CampaignState = CampaignState.DRAFT
    name: str = ""
    channel: str = Channel.EMAIL.value
    subject: str = ""
    body: str = ""
    segment_ids: list[str] = field(default_factory=list)
    exclude_segment_ids: list[str] = field(default_factory=list)
    throttle_per_second: float | None = None
    holdout_percent: float | None = None
    later: bool = False
    day: str = ""
    hour: str = "09:00"
    estimate: Estimate | None = None
    faults: dict[str, str] = field(default_factory=dict)
    saved: dict[str, Any] | None = None

    @classmethod
    def of(cls, campaign: Campaign, zone: ZoneInfo) -> Draft:
        """The fields of a saved campaign."""
        at = campaign.scheduled_at.astimezone(zone) if campaign.scheduled_at else None
        draft = cls(
            zone=zone,
            name=campaign.name,
            channel=campaign.channel.value,
            subject=campaign.subject,
            body=campaign.body,
            segment_ids=[str(id) for id in campaign.segment_ids],
            exclude_segment_ids=[str(id) for id in campaign.exclude_segment_ids],
            throttle_per_second=campaign.throttle_per_second,
            holdout_percent=campaign.holdout_percent or None,
            later=at is not None,
            day=at.date().isoformat() if at else "",
            hour=f"{at:%H:%M}" if at else "09:00",
        )
        draft.stored(campaign)
        return draft

    def stored(self, campaign: Campaign, data: dict[str, Any] | None = None) -> None:
        """This campaign now holds `data`: what the fields said when it was sent off."""
        self.campaign_id, self.version, self.state = str(campaign.id), campaign.version, campaign.state
        self.saved = data if data is not None else self.data()

    @property
    def dirty(self) -> bool:
        """Whether the fields say something that is not saved."""
        if self.saved is None:
            return bool(self.name or self.subject or self.body or self.segment_ids)
        return self.data() != self.saved

    def data(self) -> dict[str, Any]:
        """The input of the campaign service. A campaign without a name is called after its subject."""
        return {
            "name": (self.name.strip() or self.subject.strip())[:120],
            "channel": self.channel,
            "subject": self.subject,
            "body": self.body,
            "segment_ids": list(self.segment_ids),
            "exclude_segment_ids": list(self.exclude_segment_ids),
            "throttle_per_second": int(self.throttle_per_second) if self.throttle_per_second else None,
            "holdout_percent": self.holdout_percent or 0,
            "scheduled_at": self.at.isoformat() if self.at else None,
        }

    @property
    def at(self) -> datetime | None:
        """When it is to go out; None for as soon as it is sent, or while the fields give no moment."""
        if not self.later:
            return None
        try:
            local = datetime.combine(date.fromisoformat(self.day), time.fromisoformat(self.hour), self.zone)
        except ValueError:
            return None
        return local.astimezone(UTC)

    @property
    def storable(self) -> bool:
        """Whether there is enough to save a draft: a subject and a message that can be filled in."""
        return bool(self.subject.strip() and self.body.strip()) and not self.faults

    def checks(self, moment: datetime) -> list[tuple[bool, str]]:
        """(fulfilled, words) for all that sending needs, in the order of the page."""
        reach = self.estimate.reachable if self.estimate else 0
        found = [
            (bool(self.segment_ids), "Choose at least one segment"),
            (bool(self.subject.strip()), "Write a subject"),
            (bool(self.body.strip()), "Write the message"),
        ]
        found += [(False, words) for words in self.faults.values()]
        if self.segment_ids:
            found.append((reach > 0, "Somebody in the segments has to be reachable"))
        if self.later:
            at = self.at
            found.append((at is not None and at > moment, "Choose a time in the future"))
        return found
