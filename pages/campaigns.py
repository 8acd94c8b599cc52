"""Campaigns: every message, where it stands and what became of it."""

from __future__ import annotations

from nicegui import ui

from app.auth.permissions import allowed
from app.campaigns.live import updates
from app.campaigns.progress import Counts, Snapshot, counts_of_many
from app.campaigns.service import delete_campaign, duplicate, get_campaign, list_campaigns
from app.segments.catalogue import load_catalogue
from models import Campaign, Member
from models.campaign import CampaignState, Channel
from pages import campaign_compose as _compose  # noqa: F401  # registers its pages
from pages.campaign_progress.figures import parts_of
from pages.components import (
    CAMPAIGN_TONES,
    Ask,
    Column,
    DataTable,
    Page,
    Row,
    action_cell,
    ago,
    box,
    button,
    card,
    chip_cell,
    confirm,
    empty_state,
    filter_bar,
    moment,
    number,
    progress_cell,
    search_input,
    state_word,
    tabs,
    text_cell,
    toast,
    zone_of,
)
from pages.components.cells import Cell
from pages.components.until_closed import UntilClosed
from pages.frame import frame, page

COLUMNS = (
    Column(name="name", label="Campaign", spot="title", width="34%"),
    Column(name="state", label="State", spot="end"),
    Column(name="progress", label="Progress", spot="wide", width="180px"),
    Column(name="sent", label="Sent", right=True),
    Column(name="failed", label="Failed", right=True, wide_only=True),
    Column(name="when", label="When", spot="sub"),
    Column(name="acts", label="", right=True, spot="subend"),
)
FILTERS = {
    "": "All",
    CampaignState.DRAFT: "Drafts",
    CampaignState.SCHEDULED: "Scheduled",
    CampaignState.RUNNING: "Sending",
    CampaignState.PAUSED: "Paused",
    CampaignState.DONE: "Done",
    CampaignState.CANCELLED: "Cancelled",
}
CHANNELS = {Channel.EMAIL: "Email", Channel.OUTBOX: "Built-in outbox", Channel.SMS: "Text message"}
REMOVABLE = (CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.DONE, CampaignState.CANCELLED)


@page("/campaigns", permission="campaigns.read", title="Campaigns", nav="campaigns")
async def campaigns(member: Member, state: str = "", q: str = "") -> None:
    """The list, filtered by `state`; numbers of running campaigns move by themselves."""
    may_edit = allowed(member, "campaigns.write")
    shown = {"state": state if state in FILTERS else "", "search": q[:120]}

    async def load(ask: Ask) -> Page:
        found, following = await list_campaigns(
            member, state=shown["state"] or None, search=shown["search"], limit=ask.limit, cursor=ask.cursor
        )
        counts = await counts_of_many(found)
        names = (await load_catalogue()).segments
        rows = [_row(one, counts[one.id], names, member, may_edit) for one in found if one.id is not None]
        return Page(rows=rows, next_cursor=following)

    async def choose(key: str) -> None:
        shown["state"] = key
        await table.reload()

    async def search(words: str) -> None:
        shown["search"] = words
        await table.reload()

    def nothing() -> None:
        if shown["state"] or shown["search"]:
            with empty_state("search", "No campaign fits", "Choose another state, or search for something else."):
                return
        words = "Choose who gets it, write it once with a place for each name, and watch it go out."
        with empty_state("send", "Write your first campaign", words) as acts, acts:
            if may_edit:
                button("New campaign", icon="plus", kind="primary", href="/campaigns/new")

    async def act(name: str, key: str) -> None:
        if name == "copy":
            copy = await duplicate(member, key)
            ui.navigate.to(f"/campaigns/{copy.id}/edit")
        elif await _delete(member, key):
            await table.refresh()

    with frame(member, "Campaigns", "Messages to the people you choose") as actions:
        if may_edit:
            with actions:
                button("New campaign", icon="plus", kind="primary", href="/campaigns/new")
        with box("tabs-row"):
            tabs(FILTERS, shown["state"], choose)
            with filter_bar():
                search_input("Search campaigns", search, value=shown["search"])
        with card(css="p-0"):
            table = DataTable(COLUMNS, load, empty=nothing, locale=member.locale, label="Campaigns", on_action=act)
    await ui.context.client.connected()
    await table.reload()
    _keep_moving(table)


def _keep_moving(table: DataTable) -> None:
    """Load the page that is shown again while a campaign moves, at most once a second."""
    moved = {"yes": False}

    def heard(_: Snapshot) -> None:
        moved["yes"] = True

    async def look() -> None:
        if moved["yes"]:
            moved["yes"] = False
            await table.refresh()

    UntilClosed(updates.subscribe(None, heard))
    ui.timer(1.0, look)


def _row(campaign: Campaign, counts: Counts, names: object, member: Member, may_edit: bool) -> Row:
    locale = member.locale
    draft = campaign.state in (CampaignState.DRAFT, CampaignState.SCHEDULED)
    actions = [("copy", "Duplicate", "copy")] if may_edit else []
    if may_edit and campaign.state in REMOVABLE:
        actions.append(("delete", "Delete", "trash-2"))
    return Row(
        key=str(campaign.id),
        href=f"/campaigns/{campaign.id}/edit" if draft and may_edit else f"/campaigns/{campaign.id}",
        label=campaign.name,
        cells={
            "name": text_cell(campaign.name, css="medium", second=_to_whom(campaign, names)),
            "state": chip_cell(
                state_word(campaign.state), CAMPAIGN_TONES[campaign.state], dot=campaign.state is CampaignState.RUNNING
            ),
            **_progress(counts, locale),
            "sent": text_cell(number(counts.sent, locale) if counts.audience else "–", css="num"),
            "failed": text_cell(
                number(counts.failed, locale) if counts.audience else "–",
                css="num tone-bad" if counts.failed else "num",
            ),
            "when": _when(campaign, member),
            "acts": action_cell(actions),
        },
    )


def _progress(counts: Counts, locale: str) -> dict[str, Cell]:
    """The bar; no cell at all while there is no audience."""
    if not counts.audience:
        return {}
    done = f"{number(counts.audience - counts.pending, locale)} of {number(counts.audience, locale)}"
    return {"progress": progress_cell(parts_of(counts), done)}


def _to_whom(campaign: Campaign, names: object) -> str:
    assert isinstance(names, dict)
    chosen = [names.get(str(id), "a deleted segment") for id in campaign.segment_ids]
    to = ", ".join(chosen[:2]) + (f" and {len(chosen) - 2} more" if len(chosen) > 2 else "")
    return f"{CHANNELS.get(campaign.channel, str(campaign.channel))} to {to}" if chosen else "Nobody chosen yet"


def _when(campaign: Campaign, member: Member) -> Cell:
    if campaign.finished_at:
        words, at = f"done {ago(campaign.finished_at, member.locale)}", campaign.finished_at
    elif campaign.started_at:
        words, at = f"started {ago(campaign.started_at, member.locale)}", campaign.started_at
    elif campaign.scheduled_at:
        words, at = f"goes out {ago(campaign.scheduled_at, member.locale)}", campaign.scheduled_at
    else:
        words, at = f"changed {ago(campaign.updated_at, member.locale)}", campaign.updated_at
    return text_cell(words, css="muted", title=moment(at, zone_of(member), member.locale))


async def _delete(member: Member, key: str) -> bool:
    campaign = await get_campaign(member, key)
    sure = await confirm(
        f"Delete {campaign.name}?",
        "The campaign goes away. What was sent stays in the log and in the history of each customer.",
        action="Delete campaign",
        danger=True,
    )
    if sure:
        await delete_campaign(member, key)
        toast(f"{campaign.name} is deleted")
    return sure
