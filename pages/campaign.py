"""One campaign: its progress while it is sent, what came of it afterwards."""

from __future__ import annotations

from nicegui import background_tasks, ui
from nicegui.elements.mixins.text_element import TextElement

from app.auth.permissions import allowed
from app.campaigns.live import updates
from app.campaigns.progress import Snapshot, snapshot
from app.campaigns.service import cancel, duplicate, get_campaign, pause, preview_message, resume
from app.segments.catalogue import load_catalogue
from models import Campaign, Member
from models.campaign import CampaignState as State
from pages.campaign_progress.after import draw_results
from pages.campaign_progress.card import ProgressCard
from pages.campaign_progress.message import message_sheet
from pages.campaign_progress.tail import Tail
from pages.campaigns import CHANNELS
from pages.components import (
    CAMPAIGN_TONES,
    Region,
    ago,
    button,
    card,
    clock,
    confirm,
    day,
    icon,
    moment,
    number,
    skeleton_tiles,
    state_word,
    text,
    toast,
    zone_of,
)
from pages.components.message_view import message_card
from pages.components.text import box
from pages.components.until_closed import UntilClosed
from pages.frame import frame, page, set_title

UNSENT = (State.DRAFT, State.SCHEDULED)
ENDED = (State.DONE, State.CANCELLED)
BACK = ("/campaigns", "Campaigns")


@page("/campaigns/{campaign_id}", permission="campaigns.read", title="Campaign", nav="campaigns")
async def campaign_page(member: Member, campaign_id: str) -> None:
    """Progress and results. What moves comes over the websocket; nothing is rebuilt while it moves."""
    campaign = await get_campaign(member, campaign_id)
    set_title(campaign.name)
    await CampaignPage(member, campaign).draw()


class CampaignPage:
    """One open page of one campaign."""

    def __init__(self, member: Member, campaign: Campaign) -> None:
        self.member = member
        self.campaign = campaign
        self.id = str(campaign.id)
        self.may_send = allowed(member, "campaigns.send")
        self.state: State | None = None
        self.shown: Snapshot | None = None

    async def draw(self) -> None:
        """Subscribe first, then read: what happens in between is heard of twice rather than never."""
        with frame(self.member, self.campaign.name, await self._subtitle(), back=BACK) as actions:
            with actions.classes("thumb" if self.may_send else ""):
                self._actions()
            self.waiting = box("stack gap-4")
            if self.campaign.state in UNSENT:
                with self.waiting:
                    await self._waiting_to_start()
            self.moving = box("stack gap-6")
            with self.moving:
                self.card = ProgressCard(self.member)
                self.results = Region(self._draw_results, lambda: skeleton_tiles(4), css="stack gap-4")
                self.tail = Tail(self.member, self.id)
            UntilClosed(updates.subscribe(self.id, self.show))
        self.show(await snapshot(self.id))
        self.tail.start()

    def _actions(self) -> None:
        with box("chip gray", tag="span") as self.chip:
            self.chip_word: TextElement = text("", "t", tag="span").mark("state")
        button("Message", icon="mail-open", on_click=self._open_message)
        if not self.may_send:
            self.buttons = {}
            return
        self.buttons = {
            "duplicate": button("Duplicate", icon="copy", on_click=self._duplicate),
            "edit": button("Edit", icon="pencil", href=f"/campaigns/{self.id}/edit"),
            "cancel": button("Cancel", icon="ban", on_click=self._cancel),
            "pause": button("Pause", icon="pause", kind="primary", on_click=self._pause),
            "resume": button("Resume", icon="play", kind="primary", on_click=self._resume),
        }

    async def _subtitle(self) -> str:
        one = self.campaign
        names = (await load_catalogue()).segments
        to = [names.get(str(id), "a deleted segment") for id in one.segment_ids]
        if not to:
            return "No segment chosen yet"
        listed = to if len(to) <= 2 else [*to[:2], f"{len(to) - 2} more"]
        whom = f"{', '.join(listed[:-1])} and {listed[-1]}" if len(listed) > 1 else listed[0]
        return f"{CHANNELS.get(one.channel, str(one.channel))} to {whom}"

    async def _tell_when(self) -> None:
        """Who sent it, and when it started and ended, which is known only once it did."""
        one = await get_campaign(self.member, self.id)
        begun, ended = one.started_at, one.finished_at
        if begun is None:
            return
        zone, locale = zone_of(self.member), self.member.locale
        by = await Member.get(one.launched_by) if one.launched_by else None
        words = f"Started {clock(begun, zone, locale)}" + (f" by {by.name or by.email}" if by else "")
        words += f", ended {clock(ended, zone, locale)}" if ended else ""
        self.card.tell_when(f"{words}, {day(ended or begun, locale, zone=zone)}")

    async def _waiting_to_start(self) -> None:
        at = self.campaign.scheduled_at
        with card(css="p-0"), box("banner info"):
            icon("clock")
            if self.campaign.state is State.SCHEDULED and at is not None:
                when = moment(at, zone_of(self.member), self.member.locale)
                text(f"It goes out {ago(at, self.member.locale)}, on {when}, to whoever is in the segments then.")
            else:
                text("This is a draft. Nobody has got it yet.")
        rendered = await preview_message(self.member, self.campaign.subject, self.campaign.body)
        message_card(rendered.subject, rendered.html, rendered.text)

    # what moves

    def show(self, found: Snapshot) -> None:
        """Bring the page in line with a snapshot; called by the live updates as well."""
        if self.shown is not None and found.at < self.shown.at:
            return
        self.shown = found
        self.card.show(found)
        self.tail.moved(live=found.state in (State.PREPARING, State.RUNNING, State.FINISHING))
        if found.state is not self.state:
            self.state = found.state
            self._show_state(found.state)

    def _show_state(self, state: State) -> None:
        self.chip.classes(replace=f"chip {CAMPAIGN_TONES[state]}")
        self.chip_word.text = state_word(state)
        wanted = {
            "pause": state in (State.PREPARING, State.RUNNING),
            "resume": state is State.PAUSED,
            "cancel": state in (State.SCHEDULED, State.PREPARING, State.RUNNING, State.PAUSED),
            "edit": state in UNSENT,
            "duplicate": state in ENDED,
        }
        for name, element in self.buttons.items():
            element.set_visibility(wanted[name])
        self.moving.set_visibility(state not in UNSENT)
        self.waiting.set_visibility(state in UNSENT)
        self.results.set_visibility(state in ENDED)
        background_tasks.create(self._tell_when(), name="campaign times")
        if state in ENDED:
            background_tasks.create(self.results.load(), name="campaign results")

    async def _draw_results(self) -> None:
        if self.shown is not None:
            fresh = await get_campaign(self.member, self.id)
            await draw_results(self.member, fresh, self.shown.counts, self._read)

    async def _read(self) -> None:
        self.show(await snapshot(self.id))

    # what a member does

    async def _pause(self) -> None:
        await pause(self.member, self.id)
        await self._read()

    async def _resume(self) -> None:
        await resume(self.member, self.id)
        await self._read()

    async def _cancel(self) -> None:
        counts = (await snapshot(self.id)).counts
        locale = self.member.locale
        if counts.audience:
            got = (
                "Nobody has got it yet" if not counts.sent else f"{number(counts.sent, locale)} people have it already"
            )
            rest = f"{got}. The {number(counts.pending, locale)} who are still waiting will not get it."
        else:
            rest = "Nobody has got it yet, and nobody will."
        if await confirm(
            f"Cancel {self.campaign.name}?",
            f"{rest} A cancelled campaign cannot be resumed.",
            action="Cancel campaign",
            danger=True,
            cancel="Keep sending",
        ):
            await cancel(self.member, self.id)
            toast("Campaign cancelled")
            await self._read()

    async def _duplicate(self) -> None:
        copy = await duplicate(self.member, self.id)
        ui.navigate.to(f"/campaigns/{copy.id}/edit")

    async def _open_message(self) -> None:
        await message_sheet(self.member, self.campaign)
