"""Why a campaign stands still, and what to do about it."""

from __future__ import annotations

from app.auth.permissions import allowed
from app.campaigns.record.progress import Snapshot
from app.channels.replies import alert_of
from models import Member
from models.campaign import CampaignState
from pages.components import icon, text
from pages.components.log_link import log_link
from pages.components.text import box

LAST_ANSWER = "The last answer was: "
WAITS = "Nobody is lost: sending goes on by itself as soon as this is over."
BY_HAND = "Nobody gets anything until it is resumed; it goes on exactly where it stopped."
STOPPED = (
    "Nobody else gets it meanwhile. Look at what was said, put it right, then resume; it goes on exactly where it "
    "stopped. If it cannot be put right, cancel it."
)


def words_for(found: Snapshot) -> str:
    """The reason with what follows from it; empty while nothing holds the campaign up."""
    if found.state is CampaignState.PAUSED:
        reason = (found.pause_reason or "Paused").strip()
        if _by_a_person(reason):
            return f"{_sentence(reason)} {BY_HAND}"
        about_us = alert_of(reason.rpartition(LAST_ANSWER)[2]) if LAST_ANSWER in reason else None
        return f"{_sentence(reason)} {_sentence(about_us.partition(':')[0]) + ' ' if about_us else ''}{STOPPED}"
    if found.state in (CampaignState.RUNNING, CampaignState.PREPARING) and found.waiting_reason:
        return f"{_sentence(found.waiting_reason)} {WAITS}"
    return ""


class Standstill:
    """The banner; out of sight while the campaign moves."""

    def __init__(self, member: Member, campaign_id: str) -> None:
        self._may_read = allowed(member, "deliveries.read")
        with box("banner warn standstill") as self._banner:
            icon("hourglass")
            with box("stack gap-1 min-w-0"):
                self._words = text("", "min-w-0 break-words").mark("reason")
                self._link = text("See what failed", "link medium", tag="a")
                self._link.props["href"] = log_link(campaign=campaign_id, state="failed")
        self._banner.set_visibility(False)

    def show(self, found: Snapshot) -> None:
        """Say what the snapshot says."""
        words = words_for(found)
        self._banner.set_visibility(bool(words))
        self._words.text = words
        stopped = found.state is CampaignState.PAUSED and not _by_a_person(found.pause_reason or "")
        self._link.set_visibility(stopped and bool(found.counts.failed) and self._may_read)


def _by_a_person(reason: str) -> bool:
    return not reason or reason == "Paused" or reason.startswith("Paused by ")


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."
