"""Descriptions: polished when the provider keeps to the facts, the plain sentence otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from app.ai.describe import describe_segment, unfit
from models import AiCall, Member
from models.segment import DescriptionSource
from tests.fakes.scripted import Blocked, Drop, Empty, Garbage, Reply, Say, Status

SENTENCE = "Customers who spent more than ₹10,000 and last ordered more than 90 days ago"


async def test_polished(provider: Any, bob: Member) -> None:
    text = "Big buyers (over ₹10,000) who have been away for more than 90 days."
    server = provider([text])
    assert await describe_segment("Lapsed", SENTENCE, bob) == (text, DescriptionSource(provider.name))
    assert "10,000" in server.requests[0].text
    (call,) = await AiCall.find_all().to_list()
    assert (call.purpose, call.outcome, call.reply) == ("description", "ok", text)


@pytest.mark.parametrize(
    "reply",
    [
        "Customers who spent over ₹20,000 and went quiet.",
        "Half of our best customers.",
        "<b>Customers</b> who spent more than ₹10,000.",
        "## Customers",
        "x" * 401,
        Say("Customers who", cut=True),
        Empty(),
        Blocked(),
        Drop(),
        Garbage(),
        Status(500),
        Status(404),
    ],
)
async def test_anything_wrong_gives_the_sentence(reply: Reply, provider: Any, bob: Member) -> None:
    provider([reply])
    assert await describe_segment("Lapsed", SENTENCE, bob) == (SENTENCE, DescriptionSource.SENTENCE)
    (call,) = await AiCall.find_all().to_list()
    assert call.outcome != "ok"


async def test_without_a_provider(bob: Member) -> None:
    assert await describe_segment("Lapsed", SENTENCE, bob) == (SENTENCE, DescriptionSource.SENTENCE)


def test_numbers_compare_without_separators() -> None:
    assert unfit("Over 10000 in 90 days.", "", SENTENCE) is None
    assert unfit("Over 1,000.", "", SENTENCE) == "number"
