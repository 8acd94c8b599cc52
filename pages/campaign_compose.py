"""The composer: who, what, when and how fast of a campaign, its preview, and the button that sends it."""

from __future__ import annotations

from nicegui import ui

from app.campaigns.approval.policy import approval_above
from app.campaigns.life.service import editable, get_campaign, send
from app.errors import Conflict, InvalidInput
from app.segments.catalogue import load_catalogue
from app.segments.preview import preview
from app.settings import get_settings
from models import Customer, Member
from models.campaign import CampaignState
from models.values import now
from pages.campaign_editor.audience import AudienceCard
from pages.campaign_editor.channel import ChannelCard
from pages.campaign_editor.consequences import verb, what_happens
from pages.campaign_editor.draft import Draft
from pages.campaign_editor.message import MessageCard
from pages.campaign_editor.pace import PaceCard
from pages.campaign_editor.preview import PreviewCard
from pages.campaign_editor.saving import Saver
from pages.campaign_editor.segment_picker import Segments
from pages.campaign_editor.suggestions import SuggestionsCard
from pages.campaign_editor.trial import trial_dialog
from pages.campaign_editor.when import WhenCard
from pages.components import button, card, confirm, icon, text, toast
from pages.components.text import box
from pages.components.until_closed import UntilClosed
from pages.frame import frame, page, set_title
from pages.segment_editor.leaving import Guard

BACK = ("/campaigns", "Campaigns")
PEOPLE = 20
MESSAGE_FIELDS = ("subject", "preview_text", "body")


@page("/campaigns/new", permission="campaigns.write", title="New campaign", nav="campaigns")
async def new_campaign(member: Member, segment: str = "") -> None:
    """An empty draft; `segment` chooses who gets it."""
    draft = Draft(zone=get_settings().zone, segment_ids=[segment] if segment else [])
    await Composer(member, draft).draw()


@page("/campaigns/{campaign_id}/edit", permission="campaigns.write", title="Campaign", nav="campaigns")
async def edit_campaign(member: Member, campaign_id: str) -> None:
    """A draft, or one that is scheduled. Others have their own page."""
    campaign = await get_campaign(member, campaign_id)
    if not editable(campaign):
        ui.navigate.to(f"/campaigns/{campaign.id}")
        return
    set_title(campaign.name)
    approval = campaign.approval
    await Composer(member, Draft.of(campaign, get_settings().zone), approved=approval is not None).draw()


class Composer:
    """One composer on one page."""

    def __init__(self, member: Member, draft: Draft, *, approved: bool = False) -> None:
        """`approved`: approval was asked for or given, which any change ends."""
        self.member = member
        self.draft = draft
        self.approved = approved

    async def draw(self) -> None:
        """The whole page."""
        self.draft.approval_above = await approval_above()
        segments = Segments(self.member)
        await segments.load([*self.draft.segment_ids, *self.draft.exclude_segment_ids])
        people = await self._people(segments)
        catalogue = await load_catalogue()
        with frame(self.member, self.draft.name or "New campaign", back=BACK) as actions:
            with actions:
                self._actions()
            self.saver = Saver(self.draft, self.member, Guard(), say=self._say, refused=self._refused)
            if self.approved:
                with card(css="p-0"), box("banner warn"):
                    icon("shield-check")
                    text("A second person's approval was asked for or given. Any change here takes that back.")
            with box("split composer"):
                with box("stack gap-4"):
                    self.channel = ChannelCard(self.draft, self._changed, self._switched)
                    self.audience = AudienceCard(
                        self.draft, self.member, segments, changed=self._changed, counted=self._counted
                    )
                    suggestions = box()
                    self.message = MessageCard(self.draft, catalogue, self._message_changed)
                    with suggestions:
                        SuggestionsCard(self.draft, self.member, self.message)
                    self.when = WhenCard(self.draft, self.member, self._timed)
                    self.pace = PaceCard(self.draft, self.member, self._changed)
                with box("builder-side stack gap-4"):
                    self.preview = PreviewCard(self.draft, self.member, people, self._previewed)
                    self._checklist()
            UntilClosed(self._close)
        await ui.context.client.connected()
        self.audience.count()
        self.preview.soon(pause=0)

    async def _people(self, segments: Segments) -> list[Customer]:
        """Some people to show the message as: of the first segment that is chosen, else anybody who accepts email."""
        chosen = next((segments.known[key] for key in self.draft.segment_ids if key in segments.known), None)
        found = (await preview(self.member, chosen.rule, sample=PEOPLE)).sample if chosen else []
        return found or await Customer.find({"email_opt_in": True}).limit(PEOPLE).to_list()

    def _actions(self) -> None:
        self.status = text(self.draft.state.value.capitalize(), "muted t12 save-state", tag="span").mark("save-state")
        button("Send a test", icon="test-tube", on_click=self._trial)
        self.send_button = button("Send", icon="send", kind="primary", on_click=self._send)
        self.back_button = button("To the campaign", kind="primary", on_click=self._leave)

    def _leave(self) -> None:
        ui.navigate.to(f"/campaigns/{self.draft.campaign_id}")

    def _checklist(self) -> None:
        with card(css="p-5") as self.checks_card:
            self.checks_title = text("Before it can go out", "t16", tag="h2")
            self.checks = box("stack gap-2 mt-3")

    # changes

    def _message_changed(self) -> None:
        self.preview.soon()
        self._changed()

    def _switched(self) -> None:
        """Another channel: other fields, other people who can be reached, another preview."""
        self.draft.faults = {}
        self.message.show()
        self.audience.count()
        self.preview.soon(pause=0)

    def _timed(self) -> None:
        self.pace.show()
        self._changed()

    def _counted(self) -> None:
        self.pace.show()
        self._checked()

    def _changed(self) -> None:
        # What the service refused of the other fields is asked again with the next save.
        self.draft.faults = {name: words for name, words in self.draft.faults.items() if name in MESSAGE_FIELDS}
        self.saver.soon()
        self._checked()

    def _previewed(self) -> None:
        self.message.show_faults()
        self.saver.soon()
        self._checked()

    def _checked(self) -> None:
        """Bring the list of what is missing and the send button in line with the draft."""
        missing = [words for fulfilled, words in self.draft.checks(now()) if not fulfilled]
        self.checks.clear()
        with self.checks:
            for words in missing:
                with box("line gap-2 items-start"):
                    icon("circle-dashed", "tone-warn")
                    text(words, "min-w-0 break-words")
            if not missing:
                with box("line gap-2 items-start"):
                    icon("circle-check", "tone-good")
                    text(what_happens(self.draft, self.member), "muted min-w-0")
        self.checks_title.text = "Before it can go out" if missing else "Ready"
        self._buttons()
        self.send_button.text = verb(self.draft, self.member.locale)
        self.send_button.set_enabled(not missing)

    def _buttons(self) -> None:
        """What is scheduled needs no sending: what is saved of it counts at once."""
        waits = self.draft.state is not CampaignState.DRAFT
        self.send_button.set_visibility(not waits)
        self.back_button.set_visibility(waits)

    def _say(self, words: str, bad: bool) -> None:
        if not self.status.is_deleted:
            self._buttons()
            self.status.text = words
            self.status.classes(add="tone-bad" if bad else "muted", remove="muted" if bad else "tone-bad")

    def _refused(self, problem: InvalidInput) -> None:
        for error in problem.errors:
            self.draft.faults.setdefault(error.field, error.message[:1].upper() + error.message[1:])
        self.message.show_faults()
        self._checked()

    def _close(self) -> None:
        self.saver.close()
        self.audience.close()
        self.preview.close()

    # sending

    async def _saved_id(self) -> str:
        await self.saver.now()
        assert self.draft.campaign_id is not None
        return self.draft.campaign_id

    async def _trial(self) -> None:
        if not self.draft.storable:
            toast(f"Write {'a subject and ' if self.draft.kind.subject_needed else ''}a text first.", "bad")
            return
        await trial_dialog(self.member, self.draft.kind, self._saved_id)

    async def _send(self) -> None:
        if any(not fulfilled for fulfilled, _ in self.draft.checks(now())):
            return
        campaign_id = await self._saved_id()
        action = verb(self.draft, self.member.locale)
        name = self.draft.data()["name"]
        if not await confirm(
            f"{action}: {name}?", what_happens(self.draft, self.member), action=action, cancel="Not yet"
        ):
            return
        try:
            await send(self.member, campaign_id)
        except InvalidInput as problem:
            self._refused(problem)
        except Conflict as problem:
            toast(problem.detail, "bad")
        else:
            ui.navigate.to(f"/campaigns/{campaign_id}")
