"""Insights: every number of a sentence is a cited fact's, on both protocols; without a provider the computed words."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from app.ai.insights.explain import computed, explain_customer, explained, write_insight
from app.ai.insights.grounding import traces, ungrounded
from app.ai.insights.insight import Insight
from app.ai.insights.writer import ProviderInsightWriter
from app.ai.provider import configured
from app.customers.service import create_customer
from app.insights.facts import Fact, Facts, Sentence
from app.orders.service import create_order
from models import AiCall, Member
from tests.fakes.scripted import Blocked, Drop, Empty, Garbage, Hang, Reply, Say, Stall, Status

REVENUE = Fact(id="revenue", label="Revenue of the last 30 days", value=Decimal("12345.60"), unit="money")
ORDERS = Fact(id="orders", label="Orders of the last 30 days", value=Decimal(412), unit="count")
FEW = Fact(id="few", label="People who unsubscribed", value=Decimal(3), unit="count")
RATE = Fact(id="rate", label="Share of buyers who had bought before", value=Decimal("31.79"), unit="percent")
FALL = Fact(
    id="fall",
    label="Change of revenue against the 30 days before",
    value=Decimal("-12.4"),
    unit="percent",
    change=True,
)
GAP = Fact(id="gap", label="Usual gap between orders", value=Decimal(45), unit="days")
NAME = Fact(id="category", label="Category in most orders", value="90s Rock", unit="name")
LIFT = Fact(id="lift", label="Difference between them", value=Decimal("2.35"), unit="points", change=True, proof=True)
CHANCE = Fact(id="chance", label="Difference, may be chance", value=Decimal("2.35"), unit="points", change=True)
ALL = (REVENUE, ORDERS, FEW, RATE, FALL, GAP, NAME, LIFT)
FACTS = Facts(
    subject="shop",
    currency="USD",
    facts=ALL,
    said=(Sentence(text="412 orders brought $12,346 in the last 30 days.", facts=("orders", "revenue")),),
)

GOOD = [
    {"text": "The shop took $12.3k with 412 orders in the last 30 days.", "facts": ["revenue", "orders"]},
    {"text": "That is 12.4 % less than in the 30 days before.", "facts": ["fall"]},
    {"text": "Of the buyers, 32% had bought before.", "facts": ["rate"]},
]


def lines(*sentences: dict[str, Any]) -> str:
    return "\n".join(json.dumps(sentence) for sentence in sentences)


async def write(member: Member, *, timeout: float = 10, seen: list[Insight] | None = None) -> Insight:
    name = configured()
    assert name is not None
    heard: list[Insight] = [] if seen is None else seen
    return await write_insight(member, FACTS, name, ProviderInsightWriter(name, timeout=timeout), seen=heard.append)


class TestGrounding:
    @pytest.mark.parametrize(
        ("text", "facts"),
        [
            ("Revenue was $12,345.60.", [REVENUE]),
            ("Revenue was $12,346.", [REVENUE]),
            ("Revenue was about $12,000.", [REVENUE]),
            ("Revenue was $12.3k.", [REVENUE]),
            ("Revenue was 12.35 thousand USD.", [REVENUE]),
            ("There were 412 orders.", [ORDERS]),
            ("There were about 410 orders in the last 30 days.", [ORDERS]),
            ("Three people unsubscribed.", [FEW]),
            ("The share is 31.79 %, or 31.8% or 32 percent.", [RATE]),
            ("Revenue fell by 12.4 %.", [FALL]),
            ("Revenue is down 12%.", [FALL]),
            ("Usually orders every 45 days.", [GAP]),
            ("Most orders have 90s Rock in them.", [NAME]),
            ("It was 2.4 percentage points more because of the campaign.", [LIFT]),
            ("One thing stands out: 412 orders.", [ORDERS]),
        ],
    )
    def test_what_the_facts_say_may_be_said(self, text: str, facts: list[Fact]) -> None:
        assert ungrounded(text, facts, "USD") is None

    @pytest.mark.parametrize(
        ("text", "facts"),
        [
            ("Revenue was $12,445.", [REVENUE]),
            ("Revenue was $10,000.", [REVENUE]),
            ("Revenue was €12,346.", [REVENUE]),
            ("There were 12,346 orders.", [REVENUE]),
            ("There were 412 orders.", [REVENUE]),
            ("There were 412 % of them.", [ORDERS]),
            ("There were 400 orders in the last 60 days.", [ORDERS]),
            ("There were 30 orders.", [ORDERS]),
            ("Four people unsubscribed.", [FEW]),
            ("Two of three unsubscribed.", [FEW]),
            ("The share is 31.7 %.", [RATE]),
            ("The share is 31.79.", [RATE]),
            ("Revenue rose by 12.4 %.", [FALL]),
            ("Revenue grew.", [FALL]),
            ("Orders fell.", [ORDERS]),
            ("Half of the buyers come again.", [RATE]),
            ("Revenue doubled.", [FALL]),
            ("Usually orders every 45 weeks, 45 %.", [GAP]),
            ("Most orders have Jazz in them.", [NAME]),
            ("In April there were 412 orders.", [ORDERS]),
            ("It was 2.4 points more because of the campaign.", [CHANCE]),
            ("The 412 orders came thanks to the sale.", [ORDERS]),
            ("The campaign generated $12,346.", [REVENUE]),
            ("412 orders, see <b>here</b>.", [ORDERS]),
            ("412 orders, see https://example.com.", [ORDERS]),
            ("Things are fine.", []),
            ("", [ORDERS]),
        ],
    )
    def test_anything_else_may_not(self, text: str, facts: list[Fact]) -> None:
        assert ungrounded(text, facts, "USD") is not None

    def test_each_number_leads_to_its_fact(self) -> None:
        text = "412 orders with 90s Rock brought $12.3k, 12 % less."
        found = traces(text, [ORDERS, NAME, REVENUE, FALL], "USD")
        assert [(text[one.start : one.end].strip(), one.fact.id) for one in found] == [
            ("412", "orders"),
            ("90s Rock", "category"),
            ("$12.3k", "revenue"),
            ("12 %", "fall"),
        ]


class TestProvider:
    async def test_sentences_appear_once_they_are_checked(self, provider: Any, bob: Member) -> None:
        server = provider([f"Here you go:\n```\n{lines(*GOOD)}\n```"])
        seen: list[Insight] = []
        found = await write(bob, seen=seen)
        assert (found.source, found.note) == (provider.name, None)
        assert [sentence.text for sentence in found.sentences] == [sentence["text"] for sentence in GOOD]
        assert [len(one.sentences) for one in seen] == [1, 2, 3]
        assert {fact.id for fact in found.basis} == {"revenue", "orders", "fall", "rate"}
        (call,) = await AiCall.find_all().to_list()
        assert (call.purpose, call.outcome, call.member_id) == ("insight", "ok", bob.id)
        assert "$12,346" in server.requests[0].text

    @pytest.mark.parametrize(
        "wrong",
        [
            {"text": "The shop took $99,999.", "facts": ["revenue"]},
            {"text": "There were 412 orders.", "facts": ["invented"]},
            {"text": "There were 412 orders.", "facts": []},
            {"text": "There were 412 orders."},
            {"text": "The fall came because of the weather.", "facts": ["fall"]},
            {"text": ["x"], "facts": ["fall"]},
        ],
    )
    async def test_a_wrong_sentence_is_left_out_and_that_is_said(
        self, wrong: dict[str, Any], provider: Any, bob: Member
    ) -> None:
        provider([lines(GOOD[0], wrong, GOOD[1])])
        seen: list[Insight] = []
        found = await write(bob, seen=seen)
        assert [sentence.text for sentence in found.sentences] == [GOOD[0]["text"], GOOD[1]["text"]]
        assert "left out" in (found.note or "")
        assert all(sentence.text != wrong["text"] for one in seen for sentence in one.sentences)
        (call,) = await AiCall.find_all().to_list()
        assert call.outcome == "partly_ungrounded"

    @pytest.mark.parametrize(
        ("reply", "words"),
        [
            (lines(GOOD[0], {"text": "Revenue was $5.", "facts": ["revenue"]}), "not what the facts say"),
            ("Everything is going well.", "not what the facts say"),
            (Say(lines(*GOOD)[:60], cut=True), "not what the facts say"),
            (Status(429), "too many requests"),
            (Status(503), "not available"),
            (Hang(6), "within 1.5 seconds"),
            (Stall(lines(*GOOD)[:150], seconds=6), "within 1.5 seconds"),
            (Stall(lines(*GOOD)[:40]), "computed words"),
            (Drop(), "could not be reached"),
            (Blocked(), "declined"),
            (Empty(), "empty"),
            (Garbage(), "computed words"),
        ],
    )
    async def test_without_enough_the_computed_words_stand(
        self, reply: Reply, words: str, provider: Any, bob: Member
    ) -> None:
        provider([reply])
        found = await write(bob, timeout=1.5)
        assert (found.source, found.sentences) == ("computed", FACTS.said)
        assert words in (found.note or "")
        (call,) = await AiCall.find_all().to_list()
        assert call.outcome != "ok"

    async def test_a_stall_keeps_what_was_checked(self, provider: Any, bob: Member) -> None:
        provider([Stall(lines(*GOOD), seconds=6)])
        found = await write(bob, timeout=1.5)
        assert (found.source, len(found.sentences)) == (provider.name, 3)
        assert "within 1.5 seconds" in (found.note or "")

    async def test_what_was_written_is_kept_while_the_facts_stay(self, provider: Any, bob: Member) -> None:
        server = provider([lines(*GOOD)])
        first = await explained(bob, FACTS)
        assert await explained(bob, FACTS) == first
        assert len(server.requests) == 1
        await explained(bob, FACTS, fresh=True)
        assert len(server.requests) == 2
        other = Facts(subject="shop", currency="USD", facts=(ORDERS, FALL, RATE))
        await explained(bob, other)
        assert len(server.requests) == 3

    async def test_a_viewer_gets_the_computed_words(self, provider: Any, charlie: Member) -> None:
        server = provider([lines(*GOOD)])
        assert (await explained(charlie, FACTS)).source == "computed"
        assert server.requests == []

    async def test_no_person_is_told_to_the_provider(self, provider: Any, bob: Member) -> None:
        person = {
            "first_name": "Zebedee",
            "last_name": "Quux",
            "email": "zebedee@quux.example",
            "phone": "+14155550123",
            "street": "7 Nowhere Lane",
            "city": "Pune",
        }
        customer = await create_customer(bob, person)
        for number in range(4):
            order = {
                "customer_id": str(customer.id),
                "amount": "20.00",
                "currency": "USD",
                "placed_at": f"2026-0{number + 1}-01T10:00:00Z",
                "items": [{"product": "Blue Train", "category": "Jazz", "quantity": 1}],
            }
            await create_order(bob, order)
        server = provider([lines({"text": "Buys Jazz most often.", "facts": ["category"]})])
        await explain_customer(bob, str(customer.id))
        (asked,) = server.requests
        told = asked.text.casefold()
        assert "jazz" in told
        for secret in ("zebedee", "quux", "4155550123", "nowhere", "pune", str(customer.id)):
            assert secret not in told


def test_without_facts_there_is_only_what_is_missing() -> None:
    found = computed(Facts(subject="shop", currency="USD", missing="Not enough data yet."))
    assert (found.sentences, found.note, found.basis) == ((), "Not enough data yet.", ())
