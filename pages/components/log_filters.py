"""The filters of the log as they stand in its address, on its page and in its questions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from beanie import PydanticObjectId

from app.campaigns.audience.contact import SUPPRESSED
from app.campaigns.audience.kinds import KINDS
from app.campaigns.record.reasons import GROUPS
from models.values import now
from pages.components.log_link import log_file, log_link

STATES = {
    "": "Any state",
    "sent": "Sent",
    "pending": "Under way",
    "failed": "Failed",
    "skipped": "Skipped",
    "held_out": "Held out",
    "unknown": "Unknown",
    "deferred": "To be tried again",
    "delivered": "Delivered",
    "bounced": "Bounced",
    "complained": "Reported as spam",
    "suppressed": "On the do-not-contact list",
    "cancelled": "Cancelled",
}
CHANNELS: dict[str, str] = {"": "Any channel", **{str(channel): kind.label for channel, kind in KINDS.items()}}
_SKIPS = list(
    dict.fromkeys(
        [*(k.no_address for k in KINDS.values()), *(k.no_consent for k in KINDS.values()), *SUPPRESSED.values()]
    )
)
ERRORS: dict[str, str] = {
    "": "Any reason",
    **{group.key: group.words for group in GROUPS},
    **{words: words for words in _SKIPS},
}
"""The groups of servers' replies by their keys, then Cohort's own reasons, which are their own keys."""

TIMES = {
    "": "Any time",
    "1h": "In the last hour",
    "1d": "In the last day",
    "7d": "In the last week",
    "30d": "In 30 days",
}
_AGO = {"1h": timedelta(hours=1), "1d": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
SECOND_ROW = ("channel", "domain", "error", "since", "until")


@dataclass
class LogFilters:
    """Each as text, empty when it filters nothing. `since` is one of TIMES or, like `until`, a moment (ISO 8601)."""

    campaign: str = ""
    customer: str = ""
    state: str = ""
    channel: str = ""
    domain: str = ""
    error: str = ""
    since: str = ""
    until: str = ""
    q: str = ""

    @classmethod
    def of(cls, **given: str) -> Self:
        """From an address. What is no filter there is none."""
        found = cls()
        for key, value in given.items():
            found.set(key, value)
        return found

    def set(self, key: str, value: str) -> None:
        """Change one; a value that cannot be meant takes the filter away."""
        setattr(self, key, value.strip()[:200] if _possible(key, value.strip()) else "")
        if key == "since" and value in TIMES:
            self.until = ""

    @property
    def any(self) -> bool:
        """Whether anything is narrowed."""
        return any(asdict(self).values())

    @property
    def uses_second_row(self) -> bool:
        """Whether one of the rarer filters is used."""
        return any(getattr(self, key) for key in SECOND_ROW)

    @property
    def link(self) -> str:
        """The page's address with these filters."""
        return log_link(**asdict(self))

    @property
    def file(self) -> str:
        """The address of the same as CSV; a time such as "in the last day" is counted from now."""
        since, until = self._since, _moment(self.until)
        times = {"since": since.isoformat() if since else "", "until": until.isoformat() if until else ""}
        return log_file(**{**asdict(self), **times})

    @property
    def asked(self) -> dict[str, Any]:
        """What `list_deliveries` is asked."""
        return {
            "campaign_id": self.campaign or None,
            "customer_id": self.customer or None,
            "state": self.state or None,
            "channel": self.channel or None,
            "domain": self.domain or None,
            "error": self.error or None,
            "search": self.q,
            "since": self._since,
            "until": _moment(self.until),
        }

    @property
    def spoken_time(self) -> str:
        """A time that is none of TIMES, for the select."""
        parts = [f"since {self.since}" if self.since else "", f"until {self.until}" if self.until else ""]
        return " ".join(part for part in parts if part).capitalize()

    @property
    def _since(self) -> datetime | None:
        return now() - _AGO[self.since] if self.since in _AGO else _moment(self.since)


def _possible(key: str, value: str) -> bool:
    if not value:
        return True
    if key in ("campaign", "customer"):
        return bool(PydanticObjectId.is_valid(value))
    if key in ("since", "until"):
        return value in TIMES or _moment(value) is not None
    return value in {"state": STATES, "channel": CHANNELS}.get(key, {value: value})


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
