"""One campaign: its progress while it is sent, what came of it afterwards."""

from __future__ import annotations

import time

from nicegui import background_tasks, ui
from nicegui.elements.mixins.text_element import TextElement

from app.auth.permissions import allowed
from app.campaigns.audience.kinds import kind_of
from app.campaigns.life.service import cancel, duplicate, finish, get_campaign, pause, resume
from app.campaigns.record.deliveries import latest
from app.campaigns.record.live import updates
from app.campaigns.record.progress import Snapshot, snapshot
from app.campaigns.record.tails import LINES
from app.segments.catalogue import load_catalogue
from models import Campaign, Member
from models.campaign import CampaignState as State
from pages.campaign_progress.after import draw_results
from pages.campaign_progress.approval import draw_approval
from pages.campaign_progress.card import ProgressCard
from pages.campaign_progress.message import message_sheet
from pages.campaign_progress.plan_words import plan_words
from pages.campaign_progress.receipts import Receipts
from pages.campaign_progress.series import draw_series
from pages.campaign_progress.slowed import ASK_SECONDS, slowed_words
from pages.campaign_progress.tail import Tail
from pages.campaign_progress.times import times_of
from pages.campaign_progress.waiting import draw_waiting
from pages.components import (
    Region,
    button,
    campaign_word,
    confirm,
    icon_button,
    number,
    plural,
    skeleton_block,
    text,
    toast,
)
from pages.components.log_link import log_file
from pages.components.text import box
from pages.components.until_closed import UntilClosed
from pages.frame import frame, page, set_title

UNSENT = (State.DRAFT, State.SCHEDULED)
MOVING = (State.PREPARING, State.RUNNING, State.FINISHING)
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
        self.is_series = campaign.repeat is not None
        self.state: State | None = None
        self.shown: Snapshot | None = None
        self.asked_at = float("-inf")

    async def draw(self) -> None:
        """Subscribe first, then read: what happens in between is heard of twice rather than never."""
        with frame(self.member, self.campaign.name, await self._subtitle(), back=BACK) as actions:
            with actions.classes("thumb" if self.may_send else ""):
                self._actions()
            self._plan()
            self.approval = Region(self._draw_approval, lambda: None, css="stack")
            self.waiting = box("stack gap-4")
            if self.is_series or self.campaign.state in UNSENT:
                with self.waiting:
                    await draw_waiting(self.member, self.campaign)
                    if self.is_series:
                        await draw_series(self.member, self.campaign)
            self.moving = box("stack gap-6")
            with self.moving:
                self.card = ProgressCard(self.member, self.id)
                self.receipts = Receipts(self.member, self.id)
                self.results = Region(self._draw_results, lambda: skeleton_block(160), css="stack gap-4")
                self.tail = Tail(self.member, self.id)
                UntilClosed(self.tail.stop)
            UntilClosed(updates.subscribe(self.id, self.show))
        assert self.campaign.id is not None
        self.tail.show(await latest(self.campaign.id, LINES))
        await self.approval.load()
        self.show(await snapshot(self.id))

    def _actions(self) -> None:
        with box("chip gray", tag="span") as self.chip:
            self.chip_word: TextElement = text("", "t", tag="span").mark("state")
        self.export = icon_button("download", "Messages as CSV", kind="plain", href=log_file(campaign=self.id))
        self.export.classes("only-wide")
        button("Message", icon="mail-open", on_click=self._open_message)
        if not self.may_send:
            self.buttons = {}
            return
        self.buttons = {
            "duplicate": button("Duplicate", icon="copy", on_click=self._duplicate),
            "edit": button("Edit", icon="pencil", href=f"/campaigns/{self.id}/edit"),
            "cancel": button("Cancel", icon="ban", on_click=self._cancel),
            "finish": button("Finish", icon="flag", on_click=self._finish),
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
        return f"{kind_of(one.channel).label} to {whom}"

    def _plan(self) -> None:
        said = plan_words(self.campaign, self.member)
        if not said and self.campaign.series_id is None:
            return
        with box("plan-words muted"):
            for words in said:
                text(words, tag="span")
            if self.campaign.series_id is not None:
                text("One of a series", "link", tag="a").props["href"] = f"/campaigns/{self.campaign.series_id}"

    async def _tell_when(self) -> None:
        """Who sent it, and when it started and ended, which is known only once it did."""
        self.card.tell_when(await times_of(await get_campaign(self.member, self.id), self.member))

    # what moves

    def show(self, found: Snapshot) -> None:
        """Bring the page in line with a snapshot; called by the live updates as well."""
        if self.shown is not None and found.at < self.shown.at:
            return
        before, self.shown = self.shown, found
        self.card.show(found)
        self.receipts.show(found)
        self.tail.flush()
        if time.monotonic() - self.asked_at > ASK_SECONDS and found.state in MOVING:
            self.asked_at = time.monotonic()
            background_tasks.create(self._tell_slowed(), name="slowed domains")
        if before is not None and found.approval != before.approval:
            background_tasks.create(self.approval.load(), name="campaign approval")
        if found.state is not self.state or (before is not None and found.approval != before.approval):
            self.state = found.state
            self._show_state(found.state)
        elif found.state in ENDED and before is not None and _unsent(before) != _unsent(found):
            background_tasks.create(self.results.load(), name="campaign results")

    def _show_state(self, state: State) -> None:
        approval = self.shown.approval if self.shown else None
        self.chip_word.text, tone = campaign_word(state, approval)
        self.chip.classes(replace=f"chip {tone}")
        one, begun = self.campaign, not self.is_series and state not in UNSENT
        wanted = {
            "pause": state in (State.PREPARING, State.RUNNING) or (self.is_series and state is State.SCHEDULED),
            "resume": state is State.PAUSED and not (approval and approval.waits),
            "cancel": state in (State.SCHEDULED, State.PREPARING, State.RUNNING, State.PAUSED),
            "finish": (self.is_series and state in (State.SCHEDULED, State.PAUSED))
            or (one.standing and state in (State.RUNNING, State.PAUSED)),
            "edit": state in UNSENT or (self.is_series and state is State.PAUSED),
            "duplicate": state in ENDED,
        }
        for name, element in self.buttons.items():
            element.set_visibility(wanted[name])
        self.export.set_visibility(begun and allowed(self.member, "customers.export"))
        self.moving.set_visibility(begun)
        self.waiting.set_visibility(not begun)
        self.results.set_visibility(state in ENDED or state is State.PAUSED)
        self.tail.say(live=state in MOVING)
        if state not in MOVING:
            self.card.tell_slowed("")
        if begun:
            background_tasks.create(self._tell_when(), name="campaign times")
        if state in ENDED or state is State.PAUSED:
            background_tasks.create(self.results.load(), name="campaign results")

    async def _tell_slowed(self) -> None:
        words = await slowed_words()
        self.card.tell_slowed(words if self.state in MOVING else "")

    async def _draw_results(self) -> None:
        if self.shown is not None:
            fresh = await get_campaign(self.member, self.id)
            await draw_results(self.member, fresh, self.shown.counts, self._read)

    async def _draw_approval(self) -> None:
        await draw_approval(self.member, await get_campaign(self.member, self.id), self._decided)

    async def _decided(self) -> None:
        """What has not begun is drawn anew, with the time or the word it has now."""
        if self.state in UNSENT or self.is_series:
            ui.navigate.to(f"/campaigns/{self.id}")
            return
        await self.approval.load()
        await self._read()

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

    async def _finish(self) -> None:
        if self.is_series:
            rest = "It goes out no more. What it has sent stays, and campaigns of it that are under way go on."
        else:
            counts = (await snapshot(self.id)).counts
            waiting = plural(counts.pending, "person", "people", self.member.locale)
            rest = f"Who enters its segments from now on does not get it. {waiting} in it already still get it."
            rest = rest if counts.pending else "Who enters its segments from now on does not get it."
        if await confirm(f"Finish {self.campaign.name}?", rest, action="Finish campaign", cancel="Keep it going"):
            self.campaign = await finish(self.member, self.id)
            toast("Campaign finished")
            self.state = None
            await self._read()

    async def _duplicate(self) -> None:
        copy = await duplicate(self.member, self.id)
        ui.navigate.to(f"/campaigns/{copy.id}/edit")

    async def _open_message(self) -> None:
        await message_sheet(self.member, self.campaign)


def _unsent(found: Snapshot) -> tuple[int, int, int]:
    return found.counts.failed, found.counts.unknown, found.counts.skipped
