"""A campaign as it is being written: what is in the fields, what is still missing, what of it is saved."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Literal
from zoneinfo import ZoneInfo

from app.campaigns.audience.kinds import Kind, kind_of
from app.campaigns.audience.reach import Estimate
from app.campaigns.life.schedule import local_moment
from models import Campaign
from models.campaign import CampaignState, Channel
from models.campaign_plan import Ambiguity, Repeat, Simulation, WarmUp

When = Literal["now", "later", "repeat", "standing"]


@dataclass(kw_only=True)
class Draft:
    """The fields of the composer. `day` and `hour` are in the shop's zone and do not count while `when` is now."""

    zone: ZoneInfo
    campaign_id: str | None = None
    version: int | None = None
    state: CampaignState = CampaignState.DRAFT
    name: str = ""
    channel: str = Channel.EMAIL.value
    subject: str = ""
    preview_text: str = ""
    body: str = ""
    segment_ids: list[str] = field(default_factory=list)
    exclude_segment_ids: list[str] = field(default_factory=list)
    when: When = "now"
    day: str = ""
    hour: str = "09:00"
    every: float | None = 1
    unit: str = "week"
    until: str = ""
    throttle_per_second: float | None = None
    window_messages: float | None = None
    window_minutes: float | None = None
    warms_up: bool = False
    first_day: float | None = 50
    growth: float | None = 2.0
    holdout_percent: float | None = None
    ambiguity: str = Ambiguity.UNKNOWN.value
    simulation: Simulation = field(default_factory=Simulation)
    estimate: Estimate | None = None
    approval_above: int = 0
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
            preview_text=campaign.preview_text,
            body=campaign.body,
            segment_ids=[str(id) for id in campaign.segment_ids],
            exclude_segment_ids=[str(id) for id in campaign.exclude_segment_ids],
            throttle_per_second=campaign.throttle_per_second,
            window_messages=campaign.window_messages,
            window_minutes=campaign.window_minutes,
            holdout_percent=campaign.holdout_percent or None,
            ambiguity=campaign.ambiguity.value,
            when=_when(campaign),
            day=at.date().isoformat() if at else "",
            hour=f"{at:%H:%M}" if at else "09:00",
        )
        if campaign.repeat is not None:
            until = campaign.repeat.until.astimezone(zone).date().isoformat() if campaign.repeat.until else ""
            draft.every, draft.unit, draft.until = campaign.repeat.every, campaign.repeat.unit, until
        if campaign.warm_up is not None:
            draft.warms_up, draft.first_day, draft.growth = True, campaign.warm_up.first_day, campaign.warm_up.growth
        if campaign.simulation is not None:
            draft.simulation = campaign.simulation
        draft.stored(campaign)
        return draft

    def stored(self, campaign: Campaign, data: dict[str, Any] | None = None) -> None:
        """This campaign now holds `data`: what the fields said when it was sent off."""
        self.campaign_id, self.version, self.state = str(campaign.id), campaign.version, campaign.state
        self.saved = data if data is not None else self.data()

    @property
    def needs_approval(self) -> bool:
        """Whether sending it asks for a second person first, by the estimate of now."""
        return bool(self.approval_above and self.estimate and self.estimate.reachable > self.approval_above)

    @property
    def kind(self) -> Kind:
        """What a message of the chosen channel needs."""
        return kind_of(self.channel)

    @property
    def dirty(self) -> bool:
        """Whether the fields say something that is not saved."""
        if self.saved is None:
            return bool(self.name or self.subject or self.body or self.segment_ids)
        return self.data() != self.saved

    def data(self) -> dict[str, Any]:
        """The input of the campaign service. A campaign without a name is called after its subject or first words."""
        kind = self.kind
        repeat, warm_up = self.repeat, self.warm_up
        window = bool(self.window_messages and self.window_minutes)
        return {
            "name": (self.name.strip() or self.subject.strip() or " ".join(self.body.split()))[:120],
            "channel": self.channel,
            "subject": self.subject if kind.subject else "",
            "preview_text": self.preview_text if kind.preview else "",
            "body": self.body,
            "segment_ids": list(self.segment_ids),
            "exclude_segment_ids": list(self.exclude_segment_ids),
            "throttle_per_second": _whole(self.throttle_per_second),
            "window_messages": _whole(self.window_messages) if window else None,
            "window_minutes": _whole(self.window_minutes) if window else None,
            "warm_up": warm_up.model_dump() if warm_up else None,
            "holdout_percent": self.holdout_percent or 0,
            "scheduled_at": self.at.isoformat() if self.at else None,
            "repeat": repeat.model_dump(mode="json") if repeat and self.at else None,
            "standing": self.when == "standing",
            "ambiguity": self.ambiguity,
            "simulation": self.simulation.model_dump() if self.channel == Channel.SIMULATOR.value else None,
        }

    @property
    def at(self) -> datetime | None:
        """When it is to go out first; None for as soon as it is sent, or while the fields give no moment."""
        if self.when == "now":
            return None
        try:
            return local_moment(
                datetime.combine(date.fromisoformat(self.day), time.fromisoformat(self.hour)), self.zone
            )
        except (ValueError, OverflowError):
            return None

    @property
    def skipped_time(self) -> str | None:
        """The local time it really goes out at, when the clocks skip the one in the field."""
        at = self.at
        if at is None:
            return None
        real = f"{at.astimezone(self.zone):%H:%M}"
        return real if real != self.hour[:5] else None

    @property
    def repeat(self) -> Repeat | None:
        """How it repeats; None unless it does, or while the fields do not say."""
        if self.when != "repeat" or not self.every or not 1 <= self.every <= 365:
            return None
        until: datetime | None = None
        if self.until:
            try:
                until = local_moment(datetime.combine(date.fromisoformat(self.until), time(23, 59)), self.zone)
            except (ValueError, OverflowError):
                return None
        return Repeat(every=int(self.every), unit=self.unit, until=until)

    @property
    def warm_up(self) -> WarmUp | None:
        """The warm-up, if it is switched on and the fields say how."""
        if not self.warms_up or not self.first_day or not self.growth:
            return None
        if not (1 <= self.first_day <= 1_000_000 and 1 <= self.growth <= 10):
            return None
        return WarmUp(first_day=int(self.first_day), growth=self.growth)

    @property
    def storable(self) -> bool:
        """Whether there is enough to save a draft: a message that can be filled in, and a subject where one is due."""
        subject = bool(self.subject.strip()) or not self.kind.subject_needed
        return subject and bool(self.body.strip()) and not self.faults

    def checks(self, moment: datetime) -> list[tuple[bool, str]]:
        """(fulfilled, words) for all that sending needs, in the order of the page."""
        reach = self.estimate.reachable if self.estimate else 0
        found = [(bool(self.segment_ids), "Choose at least one segment")]
        if self.kind.subject_needed:
            found.append((bool(self.subject.strip()), "Write a subject"))
        found.append((bool(self.body.strip()), "Write the message"))
        found += [(False, words) for words in self.faults.values()]
        if self.segment_ids and self.when in ("now", "later"):
            found.append((reach > 0, "Somebody in the segments has to be reachable"))
        return found + self._time_checks(moment) + self._pace_checks()

    def _time_checks(self, moment: datetime) -> list[tuple[bool, str]]:
        at = self.at
        if self.when == "now" or (self.when == "standing" and not self.day):
            return []
        found = [(at is not None and at > moment, "Choose a time in the future")]
        if self.when == "repeat":
            repeat = self.repeat
            found.append((repeat is not None, "Say how often it repeats: every 1 to 365"))
            ends = repeat.until if repeat else None
            found.append((ends is None or at is None or ends >= at, "Choose an end after the first time"))
        return found

    def _pace_checks(self) -> list[tuple[bool, str]]:
        one, other = bool(self.window_messages), bool(self.window_minutes)
        return [
            (one == other, "Say both how many messages and in how many minutes, or neither"),
            (not self.warms_up or self.warm_up is not None, "Say how the warm-up begins and grows"),
        ]


def _when(campaign: Campaign) -> When:
    if campaign.repeat is not None:
        return "repeat"
    if campaign.standing:
        return "standing"
    return "later" if campaign.scheduled_at else "now"


def _whole(value: float | None) -> int | None:
    return int(value) if value else None
