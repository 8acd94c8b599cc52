"""The composer: which channel, when, how fast, and what it says will happen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction

from app.campaigns.life.service import create_campaign
from app.customers.service import create_customer
from app.segments.service import create_segment
from app.settings import Settings, use_settings
from models import Campaign, Member, Segment
from models.campaign import CampaignState
from models.campaign_plan import Ambiguity
from models.values import now
from pages.components import Button
from tests.pages.controls import control, controls, press, press_words, words
from tests.pages.seeing import column, table_rows, tables, until

EVERYBODY: dict[str, Any] = {"combinator": "and", "rules": []}


async def _shop(alice: Member, people: int = 3) -> Segment:
    for n in range(people):
        consent = {"email_opt_in": True, "sms_opt_in": True, "phone": f"+4930123456{n}"}
        await create_customer(alice, {"first_name": f"Person{n}", "email": f"p{n}@example.com", **consent})
    return await create_segment(alice, name="Everybody", rule=EVERYBODY)


async def _open(user: User, alice: Member, segment: Segment, **more: Any) -> Campaign:
    fields = {"name": "Winter", "subject": "Hello", "body": "Hi there", "segment_ids": [str(segment.id)], **more}
    campaign = await create_campaign(alice, fields)
    await user.open(f"/campaigns/{campaign.id}/edit")
    await until(lambda: words(user, "reachable") == "3")
    return campaign


async def _saved(user: User) -> Campaign:
    await until(lambda: words(user, "save-state") == "Saved just now", "saving")
    (campaign,) = await Campaign.find_all().to_list()
    return campaign


def _send_button(user: User) -> Button:
    assert user.client is not None
    found = [e for e in user.client.elements.values() if isinstance(e, Button) and "primary" in e.classes]
    return next(e for e in found if e.text.startswith(("Send", "Schedule")))


class TestChannel:
    async def test_what_the_installation_lacks_cannot_be_chosen_and_says_what_it_takes(self, user: User) -> None:
        await user.open("/campaigns/new")
        await user.should_see("Set SMS_URL", retries=30)
        assert controls(user, "Text message, Set SMS_URL")[0].props["disabled"]
        assert "disabled" not in controls(user, "Simulator")[0].props

    async def test_a_text_message_has_one_field_and_counts_its_parts(
        self, user: User, alice: Member, settings: Settings
    ) -> None:
        use_settings(settings.model_copy(update={"sms_url": "http://127.0.0.1:9/sms"}))
        await _open(user, alice, await _shop(alice))
        press(user, control(user, "Text message"))
        await until(lambda: not _visible(controls(user, "Subject")[0]))
        control(user, "Text").value = "x" * 161
        await until(lambda: words(user, "text-about").startswith("161 characters: 2 text messages"))
        saved = await _saved(user)
        assert (saved.channel, saved.subject, saved.preview_text) == ("sms", "", "")
        await until(lambda: words(user, "preview-text") == "x" * 161)

    async def test_the_simulator_shows_its_faults_and_keeps_them(self, user: User, alice: Member) -> None:
        await _open(user, alice, await _shop(alice))
        assert not _visible(controls(user, "Refused for good")[0])
        press(user, control(user, "Simulator"))
        control(user, "Refused for good").value = 25
        control(user, "Bounces later").value = 101
        saved = await _saved(user)
        assert saved.simulation is not None
        assert (saved.channel, saved.simulation.failed, saved.simulation.bounced) == ("simulator", 0.25, 0.02)

    async def test_the_preview_line_is_saved_and_shown(self, user: User, alice: Member) -> None:
        await _open(user, alice, await _shop(alice))
        control(user, "Preview line").value = "Something for cold days"
        assert (await _saved(user)).preview_text == "Something for cold days"
        await until(lambda: words(user, "preview-line") == "Something for cold days")


class TestWhen:
    async def test_again_and_again_reads_back_and_names_the_next_three_times(self, user: User, alice: Member) -> None:
        await _open(user, alice, await _shop(alice))
        press_words(user, "Again and again")
        control(user, "Every").value = 2
        control(user, "Day").value = "2027-01-04"
        control(user, "Time in Asia/Kolkata").value = "09:00"
        await user.should_see("Every 2 weeks on Monday at 9:00\u202fAM (Asia/Kolkata).", retries=30)
        times = [f"Mon, {day}, 2027, 9:00\u202fAM" for day in ("Jan 4", "Jan 18", "Feb 1")]
        await user.should_see(f"Next: {'; '.join(times)}.")
        saved = await _saved(user)
        assert saved.repeat is not None
        assert (saved.repeat.every, saved.repeat.unit, saved.repeat.until) == (2, "week", None)
        assert saved.scheduled_at is not None
        assert saved.scheduled_at.isoformat() == "2027-01-04T03:30:00+00:00"
        assert _send_button(user).text == "Send every 2 weeks"

    async def test_sending_a_repeated_one_makes_it_a_series(self, user: User, alice: Member) -> None:
        start = (now() + timedelta(days=3)).isoformat()
        campaign = await _open(user, alice, await _shop(alice), scheduled_at=start, repeat={"unit": "month"})
        await until(lambda: "disabled" not in _send_button(user).props)
        press(user, _send_button(user))
        await user.should_see("Send every month: Winter?", retries=60)
        confirm = [e for e in user.find(content="Send every month").elements if isinstance(e, Button)]
        press(user, max(confirm, key=lambda e: e.id))
        await until(lambda: user.back_history[-1] == f"/campaigns/{campaign.id}", "the campaign page")
        (sent,) = await Campaign.find_all().to_list()
        assert sent.state is CampaignState.SCHEDULED

    async def test_standing_says_who_else_gets_it(self, user: User, alice: Member) -> None:
        await _open(user, alice, await _shop(alice))
        press_words(user, "Standing")
        await until(lambda: _send_button(user).text == "Send to 3 people and newcomers")
        await user.should_see("until you stop it", retries=30)
        saved = await _saved(user)
        assert (saved.standing, saved.scheduled_at) == (True, None)

    async def test_a_time_that_the_clocks_skip_is_told(self, user: User, alice: Member, settings: Settings) -> None:
        use_settings(settings.model_copy(update={"timezone": "Europe/Berlin"}))
        await _open(user, alice, await _shop(alice))
        press_words(user, "At a time")
        control(user, "Day").value = "2027-03-28"
        control(user, "Time in Europe/Berlin").value = "02:30"
        await user.should_see("The clocks skip 02:30 on that day, so it goes out at 03:30.", retries=30)

    async def test_a_time_in_the_past_cannot_be_sent(self, user: User, alice: Member) -> None:
        await _open(user, alice, await _shop(alice), scheduled_at="2020-01-01T09:00")
        await user.should_see("Choose a time in the future", retries=30)
        assert _send_button(user).props["disabled"]


class TestPace:
    async def test_a_warm_up_shows_its_days_and_when_it_is_through(self, user: User, alice: Member) -> None:
        await _open(user, alice, await _shop(alice), warm_up={"first_day": 1, "growth": 2})
        await until(lambda: words(user, "warm-through").startswith("With 3 people it is through after 2 days"))
        control(user, "On the first day").value = 3
        await until(lambda: words(user, "warm-through").startswith("With 3 people it is through after 1 day"))
        saved = await _saved(user)
        assert saved.warm_up is not None
        assert saved.warm_up.first_day == 3

    async def test_half_a_window_is_asked_for_and_both_are_saved(self, user: User, alice: Member) -> None:
        await _open(user, alice, await _shop(alice))
        control(user, "No more than").value = 500
        await user.should_see("Say both how many messages and in how many minutes", retries=30)
        assert _send_button(user).props["disabled"]
        control(user, "In any").value = 60
        await user.should_see("500 in an hour", retries=30)
        saved = await _saved(user)
        assert (saved.window_messages, saved.window_minutes) == (500, 60)

    async def test_what_is_uncertain_can_be_sent_again(self, user: User, alice: Member) -> None:
        await _open(user, alice, await _shop(alice))
        press_words(user, "Send it again")
        await user.should_see("A few may get it twice", retries=30)
        assert (await _saved(user)).ambiguity is Ambiguity.RESEND


class TestSegments:
    async def test_a_segment_beyond_the_latest_is_found_by_its_name(
        self, user: User, alice: Member, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from pages.campaign_editor import segment_picker

        monkeypatch.setattr(segment_picker, "AT_ONCE", 2)
        oldest = await _shop(alice)
        for name in ("Second", "Third"):
            await create_segment(alice, name=name, rule=EVERYBODY)
        await user.open("/campaigns/new")
        await user.should_see("Send to", retries=30)
        picker = control(user, "Send to")
        assert [words.partition(" · ")[0] for words in picker.options.values()] == ["Third", "Second"]
        for listener in picker._event_listeners.values():
            if listener.type == "inputValue":
                picker._handle_event({"listener_id": listener.id, "args": "every"})
        await until(lambda: str(oldest.id) in picker.options)
        picker.value = [str(oldest.id)]
        await until(lambda: words(user, "reachable") == "3")


class TestList:
    async def test_archiving_takes_it_out_and_the_archive_brings_it_back(self, user: User, alice: Member) -> None:
        campaign = await create_campaign(alice, {"name": "Old", "subject": "x", "body": "y"})
        await user.open("/campaigns")
        await until(lambda: len(table_rows(user)) == 1)
        await _act(user, "archive", campaign)
        await user.should_see("Write your first campaign", retries=60)
        press_words(user, "Archived")
        await until(lambda: column(user, "name") == ["Old"])
        await _act(user, "unarchive", campaign)
        await user.should_see("Nothing is archived", retries=60)

    async def test_series_standing_and_reasons_are_marked(self, user: User, alice: Member) -> None:
        series = await create_campaign(
            alice,
            {"name": "A", "subject": "x", "body": "y", "scheduled_at": "2031-01-01T09:00", "repeat": {"unit": "day"}},
        )
        stopped = await create_campaign(alice, {"name": "B", "subject": "x", "body": "y", "standing": True})
        await Campaign.find_one({"_id": stopped.id}).update(
            {"$set": {"state": "paused", "pause_reason": "Too many refused", "launched_by": alice.id}}
        )
        await user.open("/campaigns")
        await until(lambda: len(table_rows(user)) == 2)
        cells = {row["c"]["name"]["t"]: row["c"] for row in table_rows(user)}
        assert [chip["t"] for chip in cells["A"]["state"]["l"]] == ["draft", "repeats"]
        assert [chip["t"] for chip in cells["B"]["state"]["l"]] == ["paused", "standing"]
        assert cells["B"]["name"]["s"] == "Too many refused"
        assert cells["B"]["when"]["s"] == "Alice"
        await Campaign.find_one({"_id": stopped.id}).update({"$set": {"series_id": series.id}})
        await user.open(f"/campaigns?series={series.id}")
        await until(lambda: column(user, "name") == ["B"])


async def _act(user: User, action: str, campaign: Campaign) -> None:
    table = next(child for child in tables(user)[0].default_slot.children if hasattr(child, "rows"))
    UserInteraction(user, {table}, None).trigger("act", [action, str(campaign.id)])


def _visible(element: Any) -> bool:
    return element.visible and all(one.visible for one in element.ancestors())
