"""Campaigns: every message, when it went out and by whom, where it stands and what became of it."""

from __future__ import annotations

from collections.abc import Iterable

from nicegui import ui

from app.auth.permissions import allowed
from app.campaigns.life.service import (
    archive,
    delete_campaign,
    duplicate,
    get_campaign,
    list_campaigns,
    unarchive,
)
from app.campaigns.record.live import updates
from app.campaigns.record.progress import Snapshot, counts_of_many
from app.segments.catalogue import load_catalogue
from models import Campaign, Member
from models.campaign import CampaignState
from pages import campaign_compose as _compose  # noqa: F401  # registers its pages
from pages.campaign_rows import campaign_row, to_whom
from pages.components import (
    Ask,
    Column,
    DataTable,
    Page,
    box,
    button,
    card,
    confirm,
    empty_state,
    filter_bar,
    search_input,
    tabs,
    toast,
)
from pages.components.until_closed import UntilClosed
from pages.frame import frame, page

COLUMNS = (
    Column(name="name", label="Campaign", spot="title", width="32%"),
    Column(name="state", label="State", spot="end"),
    Column(name="progress", label="Progress", spot="wide", width="160px"),
    Column(name="sent", label="Sent", right=True),
    Column(name="failed", label="Failed", right=True, wide_only=True),
    Column(name="when", label="When and by whom", spot="sub"),
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
    "archived": "Archived",
}


@page("/campaigns", permission="campaigns.read", title="Campaigns", nav="campaigns")
async def campaigns(member: Member, state: str = "", q: str = "", series: str = "") -> None:
    """The list, filtered by `state`, or the campaigns of one `series`; numbers of running ones move by themselves."""
    whole = await get_campaign(member, series) if series else None
    await CampaignList(member, state if state in FILTERS else "", q[:120], whole).draw()


class CampaignList:
    """One open list."""

    def __init__(self, member: Member, state: str, search: str, series: Campaign | None) -> None:
        self.member = member
        self.state = state
        self.search = search
        self.series = series
        self.may_edit = allowed(member, "campaigns.write")

    async def draw(self) -> None:
        """The page; rows come once the browser is there."""
        title, about = "Campaigns", "Messages to the people you choose"
        if self.series is not None:
            title, about = self.series.name, "Every campaign that this one has made"
        back = (f"/campaigns/{self.series.id}", self.series.name) if self.series else None
        with frame(self.member, title, about, back=back) as actions:
            if self.may_edit and self.series is None:
                with actions:
                    button("New campaign", icon="plus", kind="primary", href="/campaigns/new")
            with box("tabs-row"):
                if self.series is None:
                    tabs(FILTERS, self.state, self._choose)
                with filter_bar():
                    search_input("Search campaigns", self._search, value=self.search)
            with card(css="p-0"):
                self.table = DataTable(
                    COLUMNS,
                    self._load,
                    empty=self._nothing,
                    locale=self.member.locale,
                    label="Campaigns",
                    on_action=self._act,
                )
        await ui.context.client.connected()
        await self.table.reload()
        _keep_moving(self.table)

    async def _load(self, ask: Ask) -> Page:
        archived = self.state == "archived"
        found, following = await list_campaigns(
            self.member,
            state=self.state if self.state and not archived else None,
            archived=archived,
            series_id=self.series.id if self.series else None,
            search=self.search,
            limit=ask.limit,
            cursor=ask.cursor,
        )
        counts = await counts_of_many(found)
        names = (await load_catalogue()).segments
        people = await _people(found)
        rows = [
            campaign_row(one, counts[one.id], to_whom(one, names), people.get(str(one.launched_by), ""), self.member)
            for one in found
            if one.id is not None
        ]
        return Page(rows=rows, next_cursor=following)

    async def _choose(self, key: str) -> None:
        self.state = key
        await self.table.reload()

    async def _search(self, words: str) -> None:
        self.search = words
        await self.table.reload()

    def _nothing(self) -> None:
        if self.state == "archived" and not self.search:
            words = "Campaigns that you archive leave the list and can be found here, with all they have."
            with empty_state("folder-input", "Nothing is archived", words):
                return
        if self.series is not None and not self.search:
            with empty_state("repeat", "Not gone out yet", "Each time it goes out, a campaign appears here."):
                return
        if self.state or self.search:
            with empty_state("search", "No campaign fits", "Choose another state, or search for something else."):
                return
        words = "Choose who gets it, write it once with a place for each name, and watch it go out."
        with empty_state("send", "Write your first campaign", words) as acts, acts:
            if self.may_edit:
                button("New campaign", icon="plus", kind="primary", href="/campaigns/new")

    async def _act(self, name: str, key: str) -> None:
        if name == "copy":
            copy = await duplicate(self.member, key)
            ui.navigate.to(f"/campaigns/{copy.id}/edit")
        elif name == "archive":
            toast(f"{(await archive(self.member, key)).name} is archived")
            await self.table.refresh()
        elif name == "unarchive":
            toast(f"{(await unarchive(self.member, key)).name} is back in the list")
            await self.table.refresh()
        elif await _delete(self.member, key):
            await self.table.refresh()


async def _people(campaigns: Iterable[Campaign]) -> dict[str, str]:
    """Who sent these, by id."""
    ids = {one.launched_by for one in campaigns if one.launched_by}
    found = await Member.find({"_id": {"$in": list(ids)}}).to_list() if ids else []
    return {str(one.id): one.name or one.email for one in found}


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
