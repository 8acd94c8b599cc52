"""How facts are written, and what is said of a shop, a customer and a campaign; all of it stands on its facts."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from beanie import PydanticObjectId
from bson import ObjectId

from app.ai.insights.grounding import ungrounded
from app.campaigns.sending.ledger import delivery_id
from app.customers.service import create_customer
from app.database import collection
from app.errors import NotFound
from app.insights.campaign import campaign_facts
from app.insights.customer import customer_facts
from app.insights.effect import lift_of
from app.insights.facts import Fact, Facts, cited, written
from app.insights.shop import shop_facts
from app.orders.service import create_order
from app.segments.service import create_segment
from models import Campaign, Customer, Member, Order
from models.campaign import CampaignState, Channel
from models.chunk import Chunk, ChunkState, Tally
from models.delivery import Delivery, DeliveryState
from models.values import now


async def order(customer: Customer, days_ago: float, amount: str = "20.00", category: str = "Jazz") -> None:
    assert customer.id is not None
    await Order(
        customer_id=customer.id,
        amount=Decimal(amount),
        currency="USD",
        placed_at=now() - timedelta(days=days_ago),
        items=[{"product": "A record", "category": category, "quantity": 1}],
    ).insert()


async def person(n: int, **more: Any) -> Customer:
    return await Customer(first_name=f"Person{n}", email=f"p{n}@example.com", **more).insert()


def value(facts: Facts, id: str) -> Decimal | str | None:
    fact = facts.get(id)
    return fact.value if fact is not None else None


def all_grounded(facts: Facts) -> None:
    """What code says of facts passes the very check that a model's sentences have to pass."""
    assert facts.said
    for sentence in facts.said:
        known = list(cited(facts, sentence.facts))
        assert len(known) == len(sentence.facts), sentence
        assert ungrounded(sentence.text, known, facts.currency) is None, sentence.text


@pytest.mark.parametrize(
    ("unit", "number", "change", "text"),
    [
        ("count", "12345", False, "12,345"),
        ("money", "12345.60", False, "$12,346"),
        ("money", "84.5", False, "$84.50"),
        ("percent", "31.789", False, "31.8\u00a0%"),
        ("percent", "0.04", False, "0.04\u00a0%"),
        ("percent", "-12.4", True, "−12.4\u00a0%"),
        ("points", "2", True, "+2.0\u00a0points"),
        ("days", "1", False, "1\u00a0day"),
        ("days", "45", False, "45\u00a0days"),
    ],
)
def test_values_are_written_with_their_unit(unit: Any, number: str, change: bool, text: str) -> None:
    assert written(Fact(id="x", label="X", value=Decimal(number), unit=unit, change=change), "USD") == text


class TestShop:
    async def test_too_few_orders_say_nothing(self, alice: Member) -> None:
        one = await person(1)
        await order(one, 2)
        facts = await shop_facts(alice)
        assert (facts.facts, facts.said) == ((), ())
        assert "not enough data" in (facts.missing or "")

    async def test_the_month_against_the_one_before(self, alice: Member) -> None:
        people = [await person(n, signed_up_at=now() - timedelta(days=10 * n)) for n in range(5)]
        for n, one in enumerate(people):
            await order(one, 1 + n, "30.00", "Rock")
            await order(one, 2 + n, "30.00", "Jazz" if n else "Rock")
            await order(one, 40 + n, "20.00")
        asleep = await person(9, order_count=3, total_spent=Decimal(60), last_order_at=now() - timedelta(days=120))
        assert asleep.id is not None
        facts = await shop_facts(alice)
        assert value(facts, "orders") == 10
        assert value(facts, "revenue") == 300
        assert value(facts, "revenue_change") == 200
        assert value(facts, "orders_change") == 100
        assert value(facts, "best_category") == "Rock"
        assert value(facts, "best_category_share") == 60
        assert value(facts, "sleeping_regulars") == 1
        all_grounded(facts)


class TestCustomer:
    async def test_one_order_says_nothing(self, alice: Member) -> None:
        one = await create_customer(alice, {"first_name": "Ann", "email": "ann@example.com"})
        await create_order(alice, {"customer_id": str(one.id), "amount": "20.00", "currency": "USD"})
        facts = await customer_facts(alice, str(one.id))
        assert facts.facts == ()
        assert "not enough data" in (facts.missing or "")

    async def test_rhythm_favourite_and_standing(self, alice: Member) -> None:
        for n in range(25):
            await person(n)
        one = await create_customer(alice, {"first_name": "Ann", "email": "ann@example.com"})
        for ago, category in ((100, "Jazz"), (80, "Jazz"), (60, "Rock"), (50, "Jazz")):
            await create_order(
                alice,
                {
                    "customer_id": str(one.id),
                    "amount": "40.00",
                    "currency": "USD",
                    "placed_at": (now() - timedelta(days=ago)).isoformat(),
                    "items": [{"product": "A record", "category": category, "quantity": 1}],
                },
            )
        facts = await customer_facts(alice, str(one.id))
        assert value(facts, "usual_gap") == 20
        assert value(facts, "since_last") == 50
        assert value(facts, "overdue") == 30
        assert (value(facts, "category"), value(facts, "category_share")) == ("Jazz", 75)
        assert value(facts, "top_share") == Decimal("3.85")
        all_grounded(facts)

    async def test_an_unknown_customer_is_not_found(self, alice: Member) -> None:
        with pytest.raises(NotFound):
            await customer_facts(alice, "0" * 24)


async def campaign_of(
    people: list[Customer], held: list[Customer], *, days_ago: float = 20, segments: tuple[Any, ...] = ()
) -> Campaign:
    """A finished campaign that reached `people` and held out `held`."""
    started = now() - timedelta(days=days_ago)
    campaign = await Campaign(
        name="Winter",
        subject="Hello",
        body="Hi there",
        state=CampaignState.DONE,
        audience=len(people) + len(held),
        started_at=started,
        finished_at=started,
        segment_ids=list(segments),
    ).insert()
    assert campaign.id is not None
    rows = [(one, DeliveryState.SENT) for one in people] + [(one, DeliveryState.HELD_OUT) for one in held]
    for one, state in rows:
        assert one.id is not None
        await Delivery(
            id=delivery_id(campaign.id, one.id),
            campaign_id=campaign.id,
            customer_id=one.id,
            chunk=0,
            state=state,
            channel=Channel.EMAIL,
            created_at=started,
            updated_at=started,
        ).insert()
    await Chunk(
        id=f"{campaign.id}:0",
        campaign_id=campaign.id,
        n=0,
        customer_ids=[],
        size=len(rows),
        state=ChunkState.DONE,
        tally=Tally(sent=len(people), held_out=len(held)),
    ).insert()
    return campaign


async def many(count: int, first: int = 0, **more: Any) -> list[Customer]:
    people = [Customer(first_name=f"P{n}", email=f"p{n}@example.com", **more) for n in range(first, first + count)]
    for one in people:
        one.refresh_shadows()
    result = await Customer.insert_many(people)
    return await Customer.find({"_id": {"$in": [ObjectId(str(id)) for id in result.inserted_ids]}}).to_list()


class TestCampaign:
    async def test_one_that_has_not_ended_says_nothing(self, alice: Member) -> None:
        campaign = await Campaign(name="Draft", subject="x", body="y").insert()
        facts = await campaign_facts(alice, campaign.id)
        assert facts.facts == ()
        assert "not ended" in (facts.missing or "")

    async def test_an_unknown_one_is_not_found(self, alice: Member) -> None:
        with pytest.raises(NotFound):
            await campaign_facts(alice, PydanticObjectId())

    async def test_orders_afterwards_of_those_who_got_it(self, alice: Member) -> None:
        people = await many(30)
        outsider = (await many(1, 100))[0]
        campaign = await campaign_of(people, [])
        for one in (*people[:3], outsider):
            await order(one, 15, "50.00")
        await order(people[5], 25)  # before the start
        await order(people[6], 2)  # after the two weeks
        facts = await campaign_facts(alice, campaign.id)
        assert value(facts, "buyers") == 3
        assert value(facts, "buyers_share") == 10
        assert value(facts, "revenue_after") == 150
        assert facts.get("lift") is None
        assert "held out" in (facts.missing or "")
        all_grounded(facts)

    async def test_a_lift_is_a_proof_only_when_chance_does_not_explain_it(self, alice: Member) -> None:
        people, held = await many(120), await many(80, 200)
        campaign = await campaign_of(people, held)
        for one in (*people[:30], *held[:4]):
            await order(one, 15)
        facts = await campaign_facts(alice, campaign.id)
        lift = facts.get("lift")
        assert lift is not None
        assert (lift.number, lift.proof) == (Decimal("20.0"), True)
        assert facts.missing is None
        all_grounded(facts)
        for one in held[4:18]:
            await order(one, 15)
        facts = await campaign_facts(alice, campaign.id)
        lift = facts.get("lift")
        assert lift is not None
        assert not lift.proof
        assert "chance" in (facts.missing or "")
        all_grounded(facts)

    async def test_against_earlier_campaigns(self, alice: Member) -> None:
        people = await many(40)
        await campaign_of(people[:30], people[30:], days_ago=60)
        await campaign_of(people[:30], people[30:], days_ago=50)
        facts = await campaign_facts(alice, (await campaign_of(people, [], days_ago=20)).id)
        assert value(facts, "reached_usual") == 75
        assert value(facts, "reached_change") == 25
        all_grounded(facts)

    async def test_the_best_segment_is_told_where_ordering_does_not_change_it(self, alice: Member) -> None:
        pune, goa = await many(25, city="Pune"), await many(25, 100, city="Goa")
        segments = []
        for city in ("Pune", "Goa"):
            rule = {"combinator": "and", "rules": [{"field": "city", "operator": "=", "value": city}]}
            segments.append((await create_segment(alice, name=f"In {city}", rule=rule, description="x")).id)
        campaign = await campaign_of([*pune, *goa], [], segments=tuple(segments))
        for one in (*pune[:2], *goa[:5]):
            await order(one, 15)
        facts = await campaign_facts(alice, campaign.id)
        assert (value(facts, "best_segment"), value(facts, "best_segment_share")) == ("In Goa", 20)
        all_grounded(facts)
        away = {
            "combinator": "and",
            "rules": [{"field": "order_count", "operator": "=", "value": 0}],
        }
        other = await create_segment(alice, name="Never", rule=away, description="x")
        await collection("campaigns").update_one(
            {"_id": campaign.id}, {"$set": {"segment_ids": [segments[0], other.id]}}
        )
        assert (await campaign_facts(alice, campaign.id)).get("best_segment") is None


def test_small_groups_prove_nothing() -> None:
    assert lift_of(3, 10, 0, 10) is None
    assert lift_of(0, 1000, 0, 1000) is None
    found = lift_of(120, 1000, 60, 1000)
    assert found is not None
    assert found.sure
    found = lift_of(61, 1000, 60, 1000)
    assert found is not None
    assert not found.sure
