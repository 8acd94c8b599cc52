"""Suggested segments against brute force over the customers and orders themselves."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from bson import Decimal128, ObjectId

from app.database import collection
from app.errors import Conflict, NotFound, PermissionDenied
from app.segments.ideas import facts as facts_module
from app.segments.ideas.facts import gather_facts, short
from app.segments.ideas.suggested import forget_ideas, suggested, use_idea
from app.segments.preview import preview
from app.settings import get_settings
from models import Customer, Member
from models.values import now

KEYS = {
    "champions",
    "loyal",
    "at_risk",
    "hibernating",
    "lapsed_regulars",
    "vips_about_to_lapse",
    "birthday_soon",
    "no_second_order",
    "best_category_once",
    "big_baskets",
    "spenders_without_email",
    "coupon_only",
}
Raw = dict[str, Any]


@pytest.fixture(autouse=True)
def anew(database: object) -> Iterator[None]:
    """Nothing kept from another shop."""
    forget_ideas()
    yield
    forget_ideas()


async def a_shop(people: int = 160, *, seed: int = 4) -> dict[ObjectId, tuple[Raw, list[Raw]]]:
    """Customers with their orders, rollups as the shop keeps them."""
    dice = random.Random(seed)
    moment = now()
    shop: dict[ObjectId, tuple[Raw, list[Raw]]] = {}
    for number in range(people):
        key = ObjectId()
        orders = [_order(key, dice, moment) for _ in range(dice.choice([0, 1, 1, 2, 3, 4, 6]))]
        customer = Customer(
            id=key,
            first_name=f"P{number}",
            birthday=(moment + timedelta(days=dice.randrange(-300, 300))).date().replace(year=1990)
            if dice.random() < 0.5
            else None,
            email_opt_in=dice.random() < 0.6,
            **_rollups(orders),
        )
        await customer.insert()
        if orders:
            await collection("orders").insert_many(orders)
        raw = await collection("customers").find_one({"_id": key})
        assert raw is not None
        shop[key] = raw, orders
    return shop


def _order(key: ObjectId, dice: random.Random, moment: datetime) -> Raw:
    category = dice.choice(["Shoes", "Shoes", "Hats"])
    coupon = dice.choice([None, None, "WELCOME"])
    return {
        "_id": ObjectId(),
        "customer_id": key,
        "status": "paid",
        "amount": Decimal128(str(dice.randrange(5, 400))),
        "currency": "USD",
        "items": [{"category": category, "product": "X", "quantity": 1}],
        "coupon": coupon,
        "placed_at": moment - timedelta(days=dice.randrange(400), minutes=dice.randrange(600)),
        "folded": {"category": [category.lower()], "product": ["x"], **({"coupon": coupon.lower()} if coupon else {})},
    }


def _rollups(orders: list[Raw]) -> Raw:
    if not orders:
        return {}
    amounts = [order["amount"].to_decimal() for order in orders]
    times = [order["placed_at"] for order in orders]
    average = (sum(amounts, Decimal(0)) / len(amounts)).quantize(Decimal("0.01"))
    return {
        "order_count": len(orders),
        "total_spent": sum(amounts, Decimal(0)),
        "average_order_value": average,
        "first_order_at": min(times),
        "last_order_at": max(times),
    }


def _quantile(values: list[Any], share: float) -> Any:
    return sorted(values)[int(share * len(values))]


async def test_the_figures_are_those_of_the_data(alice: Member) -> None:
    shop = await a_shop()
    facts = await gather_facts()
    buyers = [raw for raw, orders in shop.values() if orders]
    zone = get_settings().zone
    today = facts.moment.astimezone(zone).date()
    ago = [(today - raw["last_order_at"].astimezone(zone).date()).days for raw in buyers]
    assert (facts.customers, facts.buyers) == (len(shop), len(buyers))
    assert facts.quintiles is not None
    assert facts.quintiles.days == tuple(_quantile(ago, share) for share in (0.2, 0.4, 0.6, 0.8))
    counts = [raw["order_count"] for raw in buyers]
    assert facts.quintiles.orders == tuple(_quantile(counts, share) for share in (0.2, 0.4, 0.6, 0.8))
    spent = [raw["total_spent"].to_decimal() for raw in buyers]
    assert facts.quintiles.spent == tuple(short(_quantile(spent, share)) for share in (0.2, 0.4, 0.6, 0.8))
    gaps = [
        (raw["last_order_at"] - raw["first_order_at"]) / timedelta(days=1) / (raw["order_count"] - 1)
        for raw in buyers
        if raw["order_count"] >= 3
    ]
    assert facts.gaps is not None
    assert (facts.gaps.usual, facts.gaps.late) == (round(_quantile(gaps, 0.5)), round(_quantile(gaps, 0.8)))
    assert (facts.category, facts.coupons, facts.birthdays) == ("Shoes", True, True)
    assert facts.revenue == sum(spent, Decimal(0))


async def test_every_suggestion_counts_whom_its_rule_selects(alice: Member, charlie: Member) -> None:
    shop = await a_shop()
    found = await suggested(charlie)
    assert {idea.key for idea in found.ideas} == KEYS
    revenue = sum((raw["total_spent"].to_decimal() for raw, _ in shop.values()), Decimal(0))
    for idea in found.ideas:
        assert idea.missing is None, (idea.key, idea.missing)
        seen = await preview(charlie, idea.rule, sample=50)
        assert (seen.count, seen.sentence) == (idea.size, idea.sentence)
        if seen.count <= 50:
            spent = sum((person.total_spent for person in seen.sample), Decimal(0))
            assert idea.share == pytest.approx(float(spent / revenue))
        assert idea.formula
        assert idea.why
    sizes = {idea.key: idea.size for idea in found.ideas}
    assert sizes["coupon_only"] == sum(
        len(orders) >= 2 and all(order["coupon"] for order in orders) for _, orders in shop.values()
    )
    assert sizes["best_category_once"] == sum(
        len(orders) == 1 and orders[0]["items"][0]["category"] == "Shoes" for _, orders in shop.values()
    )


async def test_champions_and_loyal_customers_are_others(alice: Member) -> None:
    await a_shop()
    rules = {idea.key: idea.rule for idea in (await suggested(alice)).ideas}
    both = {"combinator": "and", "rules": [rules["champions"], rules["loyal"]]}
    assert (await preview(alice, both, sample=0)).count == 0


async def test_an_empty_shop_says_what_is_missing(alice: Member) -> None:
    found = await suggested(alice)
    assert found.customers == 0
    assert {idea.key for idea in found.ideas} == KEYS
    for idea in found.ideas:
        assert idea.rule is None
        assert idea.size is None
        assert idea.missing


async def test_a_small_shop_gets_what_can_be_said(alice: Member) -> None:
    await a_shop(20)
    missing = {idea.key: idea.missing for idea in (await suggested(alice)).ideas}
    assert "50 customers with an order are needed" in (missing["champions"] or "")
    assert "30 customers with 3 orders or more are needed" in (missing["lapsed_regulars"] or "")
    assert missing["birthday_soon"] is missing["no_second_order"] is missing["coupon_only"] is None


async def test_it_is_kept_for_an_hour_and_in_a_small_shop_for_a_minute(
    alice: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await suggested(alice)
    await Customer(first_name="Ann").insert()
    assert await suggested(alice) is first
    assert (await suggested(alice, fresh=True)).customers == 1
    await Customer(first_name="Bea").insert()
    monkeypatch.setattr("app.segments.ideas.suggested.KEPT_SECONDS", -1.0)
    assert (await suggested(alice)).customers == 1
    monkeypatch.setattr("app.segments.ideas.suggested.KEPT_SMALL_SECONDS", -1.0)
    assert (await suggested(alice)).customers == 2
    monkeypatch.setattr("app.segments.ideas.suggested.SMALL", 2)
    monkeypatch.setattr("app.segments.ideas.suggested.KEPT_SECONDS", 3600.0)
    kept = await suggested(alice)
    assert await suggested(alice) is kept


async def test_baskets_of_a_large_shop_are_sampled(alice: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = await a_shop()
    exact = (await gather_facts()).basket
    monkeypatch.setattr(facts_module, "SAMPLED", 60)
    assert exact is not None
    averages = [raw["average_order_value"].to_decimal() for raw, orders in shop.values() if orders]
    assert exact == short(_quantile(averages, 0.8))
    sampled = (await gather_facts()).basket
    assert sampled is not None
    assert min(averages) <= sampled <= max(averages)


async def test_using_one_saves_a_segment_under_a_free_name(alice: Member, charlie: Member) -> None:
    await a_shop()
    idea = next(idea for idea in (await suggested(alice)).ideas if idea.key == "champions")
    first, second = await use_idea(alice, "champions"), await use_idea(alice, "champions")
    assert (first.name, second.name) == ("Champions", "Champions 2")
    assert (first.rule, first.size) == (idea.rule, idea.size)
    with pytest.raises(PermissionDenied):
        await use_idea(charlie, "champions")
    with pytest.raises(NotFound):
        await use_idea(alice, "nonsense")


async def test_one_without_data_cannot_be_used(alice: Member) -> None:
    with pytest.raises(Conflict, match="not enough data"):
        await use_idea(alice, "champions")


@pytest.mark.parametrize(
    ("amount", "cut"), [("213.87", "210"), ("9.99", "9.9"), ("0.456", "0.45"), ("99999", "99000"), ("0", "0")]
)
def test_money_is_cut_to_two_digits(amount: str, cut: str) -> None:
    assert short(Decimal(amount)) == Decimal(cut)
    assert str(short(Decimal(amount))) == cut
