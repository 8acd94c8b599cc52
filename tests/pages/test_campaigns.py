"""The list of campaigns and the composer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from nicegui import ui
from nicegui.testing import User

from app.campaigns.life.service import create_campaign, send, update_campaign
from app.customers.service import create_customer
from app.segments.service import create_segment
from models import Campaign, Member, Segment
from models.campaign import CampaignState, Channel
from models.values import now
from pages.components import Button
from tests.pages.controls import control, press, words
from tests.pages.seeing import column, table_rows, until

EVERYBODY: dict[str, Any] = {"combinator": "and", "rules": []}


async def _shop(alice: Member) -> Segment:
    for n in range(4):
        await create_customer(
            alice, {"first_name": f"Person{n}", "email": f"p{n}@example.com", "email_opt_in": n > 0, "city": "Pune"}
        )
    return await create_segment(alice, name="Everybody", rule=EVERYBODY)


async def _draft(alice: Member, segment: Segment | None = None, **more: Any) -> Campaign:
    fields = {"name": "Winter", "subject": "Hello", "body": "Hi there", **more}
    return await create_campaign(alice, fields | ({"segment_ids": [str(segment.id)]} if segment else {}))


def _send_button(user: User) -> Button:
    assert user.client is not None
    found = [e for e in user.client.elements.values() if isinstance(e, Button) and "primary" in e.classes]
    return next(e for e in found if e.text.startswith(("Send", "Schedule")))


async def _compose(user: User, segment: Segment) -> None:
    await user.open("/campaigns/new")
    control(user, "Name").value = "Winter"
    control(user, "Send to").value = [str(segment.id)]
    control(user, "Subject").value = "Hello {{ customer.first_name }}"
    control(user, "Text").value = "Hi {{ customer.first_name }}"


class TestList:
    async def test_an_empty_list_offers_the_first_step(self, user: User) -> None:
        await user.open("/campaigns")
        await user.should_see("Write your first campaign", retries=30)

    async def test_it_shows_to_whom_and_where_it_stands(self, user: User, alice: Member) -> None:
        segment = await _shop(alice)
        await _draft(alice, segment)
        await user.open("/campaigns")
        await until(lambda: column(user, "state") == ["draft"])
        (row,) = table_rows(user)
        assert row["c"]["name"]["s"] == "Email to Everybody"
        assert row["href"].endswith("/edit")

    async def test_states_filter_it(self, user: User, alice: Member) -> None:
        segment = await _shop(alice)
        later = await _draft(alice, segment, name="Later", scheduled_at=(now() + timedelta(days=1)).isoformat())
        await send(alice, str(later.id))
        await _draft(alice, segment)
        await user.open("/campaigns")
        await until(lambda: len(table_rows(user)) == 2)
        user.find("Scheduled").click()
        tab = next(iter(user.find(content="Scheduled").elements))
        press(user, tab)
        await until(lambda: column(user, "name") == ["Later"])

    async def test_deleting_asks_first(self, user: User, alice: Member) -> None:
        campaign = await _draft(alice)
        await user.open("/campaigns")
        await until(lambda: len(table_rows(user)) == 1)
        user.find(ui.table).trigger("act", ["delete", str(campaign.id)])
        await user.should_see("Delete Winter?", retries=30)
        user.find("Delete campaign").click()
        await user.should_see("Write your first campaign", retries=60)
        assert await Campaign.count() == 0

    async def test_who_may_only_look_gets_no_actions(self, viewer: User, alice: Member) -> None:
        await _draft(alice)
        await viewer.open("/campaigns")
        await until(lambda: len(table_rows(viewer)) == 1)
        (row,) = table_rows(viewer)
        assert row["c"]["acts"]["l"] == []
        assert not row["href"].endswith("/edit")
        await viewer.should_not_see("New campaign")


class TestComposer:
    async def test_it_says_what_is_missing(self, user: User) -> None:
        await user.open("/campaigns/new")
        for missing in ("Choose at least one segment", "Write a subject", "Write the message"):
            await user.should_see(missing, retries=30)
        assert _send_button(user).props["disabled"]

    async def test_the_audience_counts_who_can_be_reached(self, user: User, alice: Member) -> None:
        segment = await _shop(alice)
        await user.open("/campaigns/new")
        control(user, "Send to").value = [str(segment.id)]
        await until(lambda: words(user, "reachable") == "3")
        await user.should_see("of 4 people can be reached")
        await user.should_see("Has not agreed to receive email")

    async def test_the_draft_saves_itself(self, user: User, alice: Member) -> None:
        segment = await _shop(alice)
        await _compose(user, segment)
        await until(lambda: words(user, "save-state") == "Saved just now")
        (saved,) = await Campaign.find_all().to_list()
        assert (saved.name, saved.subject, saved.state) == (
            "Winter",
            "Hello {{ customer.first_name }}",
            CampaignState.DRAFT,
        )
        assert saved.segment_ids == [segment.id]
        control(user, "Subject").value = "Hello again"
        await until(lambda: words(user, "save-state") == "Unsaved changes")
        await until(lambda: words(user, "save-state") == "Saved just now")
        assert (await Campaign.find_all().to_list())[0].subject == "Hello again"

    async def test_the_preview_is_a_real_customers(self, user: User, alice: Member) -> None:
        segment = await _shop(alice)
        await _compose(user, segment)
        await until(lambda: words(user, "preview-subject") == "Hello Person1")
        assert user.client is not None
        (frame,) = [e for e in user.client.elements.values() if e.tag == "iframe"]
        assert "Hi Person1" in frame.message
        assert frame.props["sandbox"] == ""
        press(user, control(user, "Next person"))
        await until(lambda: words(user, "preview-subject") == "Hello Person2")

    async def test_a_tag_that_does_not_exist_is_marked_and_not_saved(self, user: User, alice: Member) -> None:
        await user.open("/campaigns/new")
        control(user, "Subject").value = "Hello"
        control(user, "Text").value = "Hi {{ customer.frist_name }}"
        await until(lambda: "is not a merge tag" in (control(user, "Text").error or ""))
        assert "customer.first_name" in control(user, "Text").error
        assert await Campaign.count() == 0

    async def test_sending_asks_with_the_number_and_leads_to_the_campaign(self, user: User, alice: Member) -> None:
        segment = await _shop(alice)
        await _compose(user, segment)
        await until(
            lambda: _send_button(user).text == "Send to 3 people" and "disabled" not in _send_button(user).props
        )
        press(user, _send_button(user))
        await user.should_see("Send to 3 people: Winter?", retries=60)
        await user.should_see("1 of the 4 people are skipped")
        confirm = [e for e in user.find(content="Send to 3 people").elements if isinstance(e, Button)]
        press(user, max(confirm, key=lambda e: e.id))
        await until(lambda: user.back_history[-1] not in ("/campaigns/new", "/campaigns"), "the campaign page")
        (sent,) = await Campaign.find_all().to_list()
        assert sent.state is CampaignState.PREPARING

    async def test_a_schedule_is_kept_in_the_members_zone(self, user: User, alice: Member) -> None:
        await _draft(alice)
        (campaign,) = await Campaign.find_all().to_list()
        await user.open(f"/campaigns/{campaign.id}/edit")
        await user.should_see("At a time", retries=30)
        press(user, next(iter(user.find(content="At a time").elements)))
        control(user, "Day").value = "2027-01-05"
        control(user, "Time in Asia/Kolkata").value = "10:30"
        await until(lambda: words(user, "save-state") == "Saved just now")
        (saved,) = await Campaign.find_all().to_list()
        assert saved.scheduled_at is not None
        assert saved.scheduled_at.isoformat() == "2027-01-05T05:00:00+00:00"

    async def test_a_change_by_somebody_else_stops_the_saving(self, user: User, alice: Member) -> None:
        campaign = await _draft(alice)
        await user.open(f"/campaigns/{campaign.id}/edit")
        await user.should_see("Winter", retries=30)
        await update_campaign(alice, str(campaign.id), {"name": "Theirs"})
        control(user, "Name").value = "Mine"
        await until(lambda: "Somebody else changed this campaign" in words(user, "save-state"))
        (kept,) = await Campaign.find_all().to_list()
        assert kept.name == "Theirs"

    async def test_a_test_goes_to_the_outbox_alone(self, user: User, alice: Member) -> None:
        campaign = await _draft(alice, channel=Channel.OUTBOX)
        await user.open(f"/campaigns/{campaign.id}/edit")
        await user.should_see("Send a test", retries=30)
        user.find("Send a test").click()
        await user.should_see("Up to ten", retries=30)
        user.find("Send test").click()
        await user.should_see("alice@example.com: is on its way", retries=60)

    async def test_who_may_only_look_cannot_compose(self, viewer: User) -> None:
        response = await viewer.http_client.get("/campaigns/new")
        assert response.status_code == 403
