"""One campaign as a line of the list: where it stands, when and by whom, and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping

from app.auth.permissions import allowed
from app.campaigns.audience.kinds import kind_of
from app.campaigns.life.archive import ARCHIVABLE
from app.campaigns.life.service import editable
from app.campaigns.record.progress import Counts
from models import Campaign, Member
from models.campaign import CampaignState
from models.campaign_approval import ApprovalState
from pages.campaign_progress.figures import parts_of
from pages.components import (
    Row,
    action_cell,
    ago,
    campaign_word,
    chips_cell,
    moment,
    number,
    progress_cell,
    text_cell,
    zone_of,
)
from pages.components.cells import Cell

REMOVABLE = (CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.DONE, CampaignState.CANCELLED)


def campaign_row(campaign: Campaign, counts: Counts, whom: str, by: str, member: Member) -> Row:
    """The line. `whom` says by which channel to whom, `by` who sent it. Why it waits or stopped comes before both."""
    locale = member.locale
    may_edit = allowed(member, "campaigns.write")
    waits = _approval(campaign, locale) or campaign.pause_reason or campaign.waiting_reason
    return Row(
        key=str(campaign.id),
        href=f"/campaigns/{campaign.id}/edit" if _opens_composer(campaign, may_edit) else f"/campaigns/{campaign.id}",
        label=campaign.name,
        cells={
            "name": text_cell(campaign.name, css="medium", second=waits or whom, title=waits and f"{whom}. {waits}"),
            "state": _state(campaign),
            **_progress(counts, locale),
            "sent": text_cell(number(counts.sent, locale) if counts.audience else "–", css="num"),
            "failed": text_cell(
                number(counts.failed, locale) if counts.audience else "–",
                css="num tone-bad" if counts.failed else "num",
            ),
            "when": _when(campaign, by, member),
            "acts": action_cell(_actions(campaign) if may_edit else []),
        },
    )


def _opens_composer(campaign: Campaign, may_edit: bool) -> bool:
    """What nobody has got yet opens where it is written, unless somebody has to decide on it first; a series has a page
    that tells what it has done.
    """
    begun_series = campaign.repeat is not None and campaign.state is not CampaignState.DRAFT
    return may_edit and editable(campaign) and not begun_series and not _approval(campaign, "en_US")


def _state(campaign: Campaign) -> Cell:
    cell = chips_cell([campaign_word(campaign.state, campaign.approval)])
    if campaign.state is CampaignState.RUNNING:
        cell["l"][0]["dot"] = True
    if campaign.repeat is not None:
        cell["l"].append({"t": "repeats", "tone": "info"})
    if campaign.standing:
        cell["l"].append({"t": "standing", "tone": "info"})
    return cell


def _approval(campaign: Campaign, locale: str) -> str:
    """What is said of a second person's word that is missing or was refused."""
    approval = campaign.approval
    if approval is None or campaign.state not in (CampaignState.DRAFT, CampaignState.PAUSED):
        return ""
    if approval.waits:
        return f"Waits for a second person: {number(approval.people, locale)} people would get it"
    return f"Declined: {approval.reason}" if approval.state is ApprovalState.DECLINED else ""


def _actions(campaign: Campaign) -> list[tuple[str, str, str]]:
    actions = [("copy", "Duplicate", "copy")]
    if campaign.archived_at is not None:
        actions.append(("unarchive", "Bring back into the list", "undo-2"))
    elif campaign.state in ARCHIVABLE:
        actions.append(("archive", "Archive", "folder-input"))
    if campaign.state in REMOVABLE:
        actions.append(("delete", "Delete", "trash-2"))
    return actions


def _progress(counts: Counts, locale: str) -> dict[str, Cell]:
    """The bar; no cell at all while there is no audience."""
    if not counts.audience:
        return {}
    done = f"{number(counts.audience - counts.pending, locale)} of {number(counts.audience, locale)}"
    return {"progress": progress_cell(parts_of(counts), done)}


def to_whom(campaign: Campaign, names: Mapping[str, str]) -> str:
    """ "Email to Regulars and Newcomers"; `names` are the segments' by id."""
    chosen = [names.get(str(id), "a deleted segment") for id in campaign.segment_ids]
    to = ", ".join(chosen[:2]) + (f" and {len(chosen) - 2} more" if len(chosen) > 2 else "")
    return f"{kind_of(campaign.channel).label} to {to}" if chosen else "Nobody chosen yet"


def _when(campaign: Campaign, by: str, member: Member) -> Cell:
    if campaign.finished_at:
        words, at = f"{_end_word(campaign)} {ago(campaign.finished_at, member.locale)}", campaign.finished_at
    elif campaign.started_at:
        words, at = f"started {ago(campaign.started_at, member.locale)}", campaign.started_at
    elif campaign.scheduled_at and campaign.state is CampaignState.SCHEDULED:
        words, at = f"goes out {ago(campaign.scheduled_at, member.locale)}", campaign.scheduled_at
    else:
        words, at = f"changed {ago(campaign.updated_at, member.locale)}", campaign.updated_at
    return text_cell(words, css="muted", second=by or None, title=moment(at, zone_of(member), member.locale))


def _end_word(campaign: Campaign) -> str:
    return "cancelled" if campaign.state is CampaignState.CANCELLED else "done"
