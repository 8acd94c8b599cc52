"""Suggested messages in the composer, and insights on the pages of the shop, a customer and a campaign."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from nicegui.testing import User
from pydantic import SecretStr

from app.customers.service import create_customer
from app.orders.service import create_order
from app.settings import Settings, use_settings
from models import Campaign, Customer, Member
from models.campaign import CampaignState
from models.chunk import Chunk, ChunkState, Tally
from models.values import now
from pages.campaign_editor.suggested import readable
from tests.ai.messages import BRIEF, GOOD, lines
from tests.fakes.gemini import FakeGemini
from tests.fakes.scripted import Stall
from tests.pages.controls import control, press_words, sees, words
from tests.pages.seeing import until

SLOW = 200
"""Tenths of a second: the first request of a process also loads the provider's library."""


@pytest.fixture
def gemini(settings: Settings) -> Iterator[FakeGemini]:
    """Gemini is configured; set its `replies`."""
    with FakeGemini() as server:
        knobs = {"gemini_api_key": SecretStr("test-key"), "gemini_base_url": server.base_url}
        use_settings(settings.model_copy(update=knobs))
        yield server


async def suggest(user: User) -> None:
    await user.open("/campaigns/new")
    control(user, "What the message should say").value = BRIEF
    press_words(user, "Suggest messages")


class TestSuggestions:
    async def test_templates_say_what_they_are(self, user: User) -> None:
        await suggest(user)
        await until(lambda: sees(user, "Templates, no AI configured"))
        assert len(user.find("Use this").elements) == 3
        assert not sees(user, "Suggest others")

    async def test_one_is_used_and_taken_back(self, user: User) -> None:
        await suggest(user)
        await until(lambda: sees(user, "Templates, no AI configured"))
        press_words(user, "Use this")
        await until(lambda: "20% off" in control(user, "Text").value)
        assert "{{ shop }}" in control(user, "Subject").value
        await until(lambda: sees(user, "Undo"))
        press_words(user, "Undo")
        await until(lambda: control(user, "Text").value == "")
        assert control(user, "Subject").value == ""

    async def test_own_text_is_replaced_only_after_a_yes(self, user: User) -> None:
        await suggest(user)
        await until(lambda: sees(user, "Templates, no AI configured"))
        control(user, "Text").value = "My own words"
        press_words(user, "Use this")
        await until(lambda: sees(user, "Use this message?"))
        press_words(user, "Keep mine")
        await until(lambda: not sees(user, "Use this message?"))
        assert control(user, "Text").value == "My own words"
        press_words(user, "Use this")
        await until(lambda: sees(user, "Use this message?"))
        press_words(user, "Replace the message")
        await until(lambda: "20% off" in control(user, "Text").value)

    async def test_without_a_brief_it_says_what_is_missing(self, user: User) -> None:
        await user.open("/campaigns/new")
        press_words(user, "Suggest messages")
        await user.should_see("Say in a few words", retries=30)

    async def test_drafts_of_the_provider_carry_its_name(self, user: User, gemini: FakeGemini) -> None:
        gemini.replies = [lines(*GOOD)]
        await suggest(user)
        await user.should_see("Gemini", retries=SLOW)
        assert sees(user, "A word about autumn")
        assert sees(user, "Suggest others")

    async def test_it_can_be_stopped_and_keeps_what_was_whole(self, user: User, gemini: FakeGemini) -> None:
        text = lines(*GOOD)
        gemini.replies = [Stall(text[: text.index("Twenty")], seconds=20)]
        await suggest(user)
        await user.should_see("A word about autumn", retries=SLOW)
        press_words(user, "Stop")
        await until(lambda: words(user, "suggest-status").startswith("Stopped"))
        press_words(user, "Use this")
        await until(lambda: "autumn shoes" in control(user, "Text").value)

    async def test_a_failure_is_said_and_templates_are_there(self, user: User, gemini: FakeGemini) -> None:
        gemini.replies = []
        await suggest(user)
        await user.should_see("These are templates instead.", retries=SLOW)
        assert len(user.find("Use this").elements) == 3


def test_merge_tags_read_as_words() -> None:
    assert readable("Hi {{ customer.first_name | default: 'there' }}, {% if shop %}{{ shop }}{% endif %}") == (
        "Hi [First name], [Name of the shop]"
    )
    assert readable("Hi {{ customer.fir") == "Hi "


async def _ann(alice: Member) -> Customer:
    ann = await create_customer(alice, {"first_name": "Ann", "email": "ann@example.com"})
    for month in (1, 2, 3):
        order = {
            "customer_id": str(ann.id),
            "amount": "20.00",
            "currency": "USD",
            "placed_at": f"2026-0{month}-01T10:00:00Z",
            "items": [{"product": "A record", "category": "Jazz", "quantity": 1}],
        }
        await create_order(alice, order)
    return ann


class TestInsights:
    async def test_a_customer_without_ai(self, user: User, alice: Member) -> None:
        ann = await _ann(alice)
        await user.open(f"/customers/{ann.id}")
        await user.should_see("How they buy", retries=30)
        await until(lambda: sees(user, "Computed, no AI"))
        await user.should_see("Jazz")
        await user.should_see("Based on")
        assert not sees(user, "Explain with Gemini")

    async def test_not_enough_is_said(self, user: User, alice: Member) -> None:
        ann = await create_customer(alice, {"first_name": "Ann", "email": "ann@example.com"})
        await user.open(f"/customers/{ann.id}")
        await user.should_see("not enough data", retries=60)

    async def test_the_provider_is_asked_by_the_button_alone(
        self, user: User, alice: Member, gemini: FakeGemini
    ) -> None:
        ann = await _ann(alice)
        sentences: list[dict[str, Any]] = [
            {"text": "Three orders came to $60.00.", "facts": ["orders", "spent"]},
            {"text": "Half of them were a gift.", "facts": ["orders"]},
            {"text": "This customer buys Jazz.", "facts": ["category"]},
        ]
        gemini.replies = ["\n".join(json.dumps(sentence) for sentence in sentences)]
        await user.open(f"/customers/{ann.id}")
        await until(lambda: sees(user, "Explain with Gemini"))
        assert gemini.requests == []
        press_words(user, "Explain with Gemini")
        await user.should_see("Write again", retries=SLOW)
        assert sees(user, "This customer buys ")
        assert not sees(user, "gift")
        await user.should_see("1 sentence was left out")

    async def test_a_finished_campaign(self, user: User, alice: Member) -> None:
        campaign = await Campaign(
            name="Winter",
            subject="x",
            body="y",
            state=CampaignState.DONE,
            audience=4,
            started_at=now(),
            finished_at=now(),
        ).insert()
        assert campaign.id is not None
        await Chunk(
            id=f"{campaign.id}:0", campaign_id=campaign.id, n=0, customer_ids=[], size=4, state=ChunkState.DONE,
            tally=Tally(sent=3, skipped=1),
        ).insert()  # fmt: skip
        await user.open(f"/campaigns/{campaign.id}")
        await until(lambda: sees(user, "How it did"))
        await until(lambda: sees(user, " people were reached, "))
        await user.should_see("a day after the start")

    async def test_the_start_page(self, user: User, alice: Member) -> None:
        ann = await _ann(alice)
        for _ in range(6):
            await create_order(alice, {"customer_id": str(ann.id), "amount": "10.00", "currency": "USD"})
        await user.open("/")
        await until(lambda: sees(user, "The last 30 days in words"))
        await until(lambda: sees(user, " orders came to "))
