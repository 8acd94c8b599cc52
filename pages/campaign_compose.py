"""The composer: who, what and when of a campaign, its preview, and the button that sends it."""

from __future__ import annotations

from nicegui import ui

from app.campaigns.service import get_campaign, send
from app.errors import Conflict, InvalidInput
from app.segments.catalogue import load_catalogue
from app.segments.preview import preview
from app.segments.service import list_segments
from models import Customer, Member, Segment
from models.campaign import CampaignState
from models.values import now
from pages.campaign_editor.audience import AudienceCard
from pages.campaign_editor.draft import Draft
from pages.campaign_editor.message import MessageCard
from pages.campaign_editor.preview import PreviewCard
from pages.campaign_editor.saving import Saver
from pages.campaign_editor.sending import SendingCard, way_words
from pages.campaign_editor.suggestions import SuggestionsCard
from pages.campaign_editor.trial import trial_dialog
from pages.components import button, card, confirm, icon, moment, number, plural, text, text_field, toast, zone_of
from pages.components.text import box
from pages.components.until_closed import UntilClosed
from pages.frame import frame, page, set_title
from pages.segment_editor.leaving import Guard

EDITABLE = (CampaignState.DRAFT, CampaignState.SCHEDULED)
BACK = ("/campaigns", "Campaigns")
PEOPLE = 20


@page("/campaigns/new", permission="campaigns.write", title="New campaign", nav="campaigns")
async def new_campaign(member: Member, segment: str = "") -> None:
    """An empty draft; `segment` chooses who gets it."""
    draft = Draft(zone=zone_of(member), segment_ids=[segment] if segment else [])
    await Composer(member, draft).draw()


@page("/campaigns/{campaign_id}/edit", permission="campaigns.write", title="Campaign", nav="campaigns")
async def edit_campaign(member: Member, campaign_id: str) -> None:
    """A draft, or one that is scheduled. Others have their own page."""
    campaign = await get_campaign(member, campaign_id)
    if campaign.state not in EDITABLE:
        ui.navigate.to(f"/campaigns/{campaign.id}")
        return
    set_title(campaign.name)
    await Composer(member, Draft.of(campaign, zone_of(member))).draw()


class Composer:
    """One composer on one page."""

    def __init__(self, member: Member, draft: Draft) -> None:
        self.member = member
        self.draft = draft

    async def draw(self) -> None:
        """The whole page."""
        segments = {str(one.id): one for one in (await list_segments(self.member, limit=200))[0]}
        people = await self._people(segments)
        catalogue = await load_catalogue()
        with frame(self.member, self.draft.name or "New campaign", back=BACK) as actions:
            with actions:
                self._actions()
            self.saver = Saver(self.draft, self.member, Guard(), say=self._say, refused=self._refused)
            with box("split composer"):
                with box("stack gap-4"):
                    self._name()
                    self.audience = AudienceCard(
                        self.draft, self.member, segments, changed=self._changed, counted=self._checked
                    )
                    suggestions = box()
                    self.message = MessageCard(self.draft, catalogue, self._message_changed)
                    with suggestions:
                        SuggestionsCard(self.draft, self.member, self.message)
                    self.sending = SendingCard(self.draft, self._changed)
                with box("builder-side stack gap-4"):
                    self.preview = PreviewCard(self.draft, self.member, people, self._previewed)
                    self._checklist()
            UntilClosed(self._close)
        await ui.context.client.connected()
        self.audience.count()
        self.preview.soon(pause=0)

    async def _people(self, segments: dict[str, Segment]) -> list[Customer]:
        """Some people to show the message as: of the first segment that is chosen, else anybody who accepts email."""
        chosen = next((segments[key] for key in self.draft.segment_ids if key in segments), None)
        found = (await preview(self.member, chosen.rule, sample=PEOPLE)).sample if chosen else []
        return found or await Customer.find({"email_opt_in": True}).limit(PEOPLE).to_list()

    def _actions(self) -> None:
        scheduled = self.draft.state is CampaignState.SCHEDULED
        self.status = text("Scheduled" if scheduled else "Draft", "muted t12 save-state", tag="span").mark("save-state")
        button("Send a test", icon="test-tube", on_click=self._trial)
        self.send_button = button("Send", icon="send", kind="primary", on_click=self._send)
        self.send_button.set_visibility(not scheduled)
        if scheduled:
            button("To the campaign", kind="primary", href=f"/campaigns/{self.draft.campaign_id}")

    def _name(self) -> None:
        with card(css="p-5"):
            self.name = text_field(
                "Name",
                self.draft.name,
                placeholder="Winter thank-you",
                hint="For you and your team; customers do not see it.",
                on_change=self._named,
            )
            self.name.props("maxlength=120")

    def _checklist(self) -> None:
        with card(css="p-5") as self.checks_card:
            self.checks_title = text("Before it can go out", "t16", tag="h2")
            self.checks = box("stack gap-2 mt-3")

    # changes

    def _named(self, value: str) -> None:
        self.draft.name = value or ""
        self._changed()

    def _message_changed(self) -> None:
        self.preview.soon()
        self._changed()

    def _changed(self) -> None:
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
                    text(self._what_happens(), "muted min-w-0")
        self.checks_title.text = "Before it can go out" if missing else "Ready"
        self.send_button.text = self._verb()
        self.send_button.set_enabled(not missing)

    def _verb(self) -> str:
        found = self.draft.estimate
        if found is None or not found.reachable:
            return "Send"
        people = plural(self._getting(), "person", "people", self.member.locale)
        return f"Schedule for {people}" if self.draft.later else f"Send to {people}"

    def _getting(self) -> int:
        """How many get it: who can be reached, without the part held out."""
        found = self.draft.estimate
        return round((found.reachable if found else 0) * (1 - (self.draft.holdout_percent or 0) / 100))

    def _what_happens(self) -> str:
        draft, locale = self.draft, self.member.locale
        found = draft.estimate
        assert found is not None
        at = draft.at
        start = f"It starts on {moment(at, draft.zone, locale)}." if at else "It starts as soon as you confirm."
        skipped = found.audience - found.reachable
        parts = [way_words(draft.channel), start]
        if skipped:
            parts.append(f"{number(skipped, locale)} of the {number(found.audience, locale)} people are skipped.")
        if draft.holdout_percent:
            held = found.reachable - self._getting()
            parts.append(f"About {number(held, locale)} are held out and get nothing.")
        return " ".join(parts)

    def _say(self, words: str, bad: bool) -> None:
        if not self.status.is_deleted:
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
            toast("Write a subject and a text first.", "bad")
            return
        await trial_dialog(self.member, self._saved_id)

    async def _send(self) -> None:
        if any(not fulfilled for fulfilled, _ in self.draft.checks(now())):
            return
        campaign_id = await self._saved_id()
        verb = self._verb()
        name = self.draft.data()["name"]
        how = " You can pause it at any moment while it goes out." if not self.draft.later else ""
        if not await confirm(f"{verb}: {name}?", f"{self._what_happens()}{how}", action=verb, cancel="Not yet"):
            return
        try:
            await send(self.member, campaign_id)
        except InvalidInput as problem:
            self._refused(problem)
        except Conflict as problem:
            toast(problem.detail, "bad")
        else:
            ui.navigate.to(f"/campaigns/{campaign_id}")
