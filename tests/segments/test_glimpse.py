"""An audience at a glance: estimates with their margin, counts of single conditions, and who is nearly in."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from bson import Decimal128, ObjectId
from pymongo.errors import ExecutionTimeout

from app.database import collection, database
from app.errors import InvalidInput, PermissionDenied, RuleError
from app.segments.catalogue import forget_catalogue
from app.segments.preview import (
    at_a_glance,
    condition_counts,
    costs,
    estimating,
    get_ready,
    glimpse,
    near_misses,
    preview,
)
from app.segments.preview.estimating import estimate
from app.segments.rule.dates import clock_at
from app.segments.saved.current import read_rule
from models import Member
from models.customer import shadows_of
from models.order import shadows_of as order_shadows
from models.values import now
from tests.segments.test_rule import condition, group

everybody_module = import_module("app.segments.preview.everybody")
"""By name: the package has a function of that name."""

pytestmark = pytest.mark.usefixtures("shop")

SIZE = 400
SHOES = {"where": condition("category", "=", "shoes")}
LAST_WEEK = {"window": {"operator": "inLast", "value": {"amount": 7, "unit": "day"}}}


def bought(measure: str, operator: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"field": "orders", "measure": measure, "operator": operator, "value": value, **more}


@pytest.fixture
async def shop(database: object) -> None:
    """400 people: every fourth in Pune, spending 0 to 399; the first hundred bought shoes, the first ten twice."""
    forget_catalogue()
    people, orders = [], []
    for number in range(SIZE):
        raw = {
            "_id": ObjectId(f"{number:024x}"),
            "first_name": f"N{number}",
            "city": "Mumbai" if number % 4 else "Pune",
            "total_spent": Decimal128(str(number)),
            "order_count": 0,
            "tags": ["vip"] if number < 40 else [],
            "signed_up_at": now() - timedelta(days=number),
        }
        people.append({**raw, **shadows_of(raw)})
        for _ in range(2 if number < 10 else 1 if number < 100 else 0):
            order = {
                "customer_id": raw["_id"],
                "status": "paid",
                "amount": Decimal128("5"),
                "items": [{"product": "Runner", "category": "Shoes"}],
                "placed_at": now() - timedelta(days=2),
            }
            orders.append({**order, **order_shadows(order)})
    await collection("customers").insert_many(people)
    await collection("orders").insert_many(orders)


async def test_a_small_shop_is_counted_exactly(charlie: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_a_glance, "EXACT_MS", 5_000)
    monkeypatch.setattr(at_a_glance, "GUARD_SECONDS", 5.0)
    for rule, size in (
        (condition("city", "=", "pune"), 100),
        (group(), SIZE),
        (group(condition("city", "=", "delhi")), 0),
        (group(bought("count", ">=", 2, **SHOES)), 10),
        (group(bought("count", "=", 0, **LAST_WEEK)), 300),
        (group(bought("count", ">=", 1, **LAST_WEEK), condition("city", "=", "Pune")), 25),
    ):
        seen = await glimpse(charlie, rule)
        assert (seen.estimate, seen.margin, seen.exact, seen.total) == (size, 0, True, SIZE), rule
        assert len(seen.sample) == min(20, size), rule
    assert seen.sentence.startswith("Customers who ")


async def test_what_takes_too_long_is_estimated(charlie: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_a_glance, "GUARD_SECONDS", 0.0)
    for name in ("SAMPLED", "SAMPLED_WITH_ORDERS"):
        monkeypatch.setattr(estimating, name, 200)
    for rule, size in (
        (condition("city", "=", "pune"), 100),
        (group(bought("count", ">=", 1, **SHOES)), 100),
        (group(bought("count", "=", 0, **SHOES), condition("city", "=", "pune")), 75),
    ):
        seen = await glimpse(charlie, rule)
        assert not seen.exact
        assert 0 < seen.margin < 60
        # Once in 3,000 runs by chance: three times the margin is six standard errors.
        assert abs(seen.estimate - size) <= 3 * seen.margin
        assert len(seen.sample) == 20
        ids = {person.id for person in seen.sample}
        fitting = {person.id for person in (await preview(charlie, rule, sample=50)).sample}
        assert len(ids) == 20
        assert fitting


async def test_time_that_is_up_widens_the_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    rule, catalogue = await read_rule(group(condition("city", "=", "pune")))
    clock = clock_at(now(), catalogue)

    async def every_fourth(_: object, size: int) -> list[ObjectId]:
        return [ObjectId() for _ in range(size // 4)]

    async def never_again(_: object, size: int) -> list[ObjectId]:
        if size > estimating.FIRST_BATCH:
            raise ExecutionTimeout("too long")
        return await every_fourth(_, size)

    async def about(look: Any, budget: float) -> estimating.Estimate:
        monkeypatch.setattr(estimating._Sampler, "look", look)
        monkeypatch.setattr(estimating, "BUDGET_SECONDS", budget)
        return await estimate(rule, catalogue, clock, total=1_000_000, longest_ms=1_000)

    with_time, without, cut_off = (
        await about(every_fourth, 60.0),
        await about(every_fourth, 0.0),
        await about(never_again, 60.0),
    )
    assert len(with_time.found) >= estimating.SAMPLED // 4 - 10
    assert len(without.found) == len(cut_off.found) == estimating.FIRST_BATCH // 4
    assert with_time.margin < 20_000 < without.margin == cut_off.margin
    assert abs(with_time.count - 250_000) < 5_000


async def test_a_sample_of_everybody_has_no_margin() -> None:
    rule, catalogue = await read_rule(group(bought("count", ">=", 2, **SHOES)))
    about = await estimate(rule, catalogue, clock_at(now(), catalogue), total=SIZE, longest_ms=5_000)
    assert (about.margin, len(about.found)) == (0, about.count)


async def test_each_condition_alone(charlie: Member) -> None:
    rule = group(
        condition("city", "=", "Pune"),
        group(condition("tags", "noneOf", ["vip"]), bought("count", ">=", 1, **SHOES), combinator="or"),
        condition("city", "=", "Pune", **{"not": True}),
        bought("count", "=", 0, **LAST_WEEK, **{"not": True}),
    )
    assert await condition_counts(charlie, rule) == {
        "rules[0]": 100,
        "rules[1].rules[0]": 360,
        "rules[1].rules[1]": 100,
        "rules[2]": 300,
        "rules[3]": 100,
    }
    assert await condition_counts(charlie, group()) == {}


async def test_a_condition_that_cannot_be_counted_in_time_is_left_out(
    charlie: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: Any, **__: Any) -> int:
        await asyncio.Event().wait()
        return 0

    monkeypatch.setattr(costs, "LONGEST_SECONDS", 0.05)
    monkeypatch.setattr(costs, "count_rule", never)
    assert await condition_counts(charlie, group(condition("city", "=", "Pune"))) == {}


async def test_near_misses_are_those_who_fail_one_condition_nearest_first(charlie: Member) -> None:
    rule = group(
        condition("city", "=", "Pune"),
        group(condition("total_spent", ">", 200), condition("signed_up_at", "inLast", {"amount": 300, "unit": "day"})),
    )
    city, spent, signed = await near_misses(charlie, rule)
    assert [city.path, spent.path, signed.path] == ["rules[0]", "rules[1].rules[0]", "rules[1].rules[1]"]
    assert (city.count, len(city.sample), set(city.found)) == (75, 3, {"city Mumbai"})
    assert spent.count == 51
    assert [person.first_name for person in spent.sample] == ["N200", "N196", "N192"]
    assert spent.found == ["total spent $200", "total spent $196", "total spent $192"]
    assert "200" in spent.words
    assert [person.first_name for person in signed.sample] == ["N304", "N308", "N312"]
    assert all(text.startswith("signed up ") for text in signed.found)


async def test_near_misses_of_orders_and_of_alternatives(charlie: Member) -> None:
    either = group(condition("city", "=", "Pune"), condition("tags", "anyOf", ["vip"]), combinator="or")
    (orders,) = await near_misses(charlie, group(bought("count", ">=", 2, **SHOES), either))
    assert orders.path == "rules[0]"
    assert orders.count == 30 + 90 - 3 + 3
    assert set(orders.found) <= {"0 orders", "1 order"}
    assert await near_misses(charlie, either) == ()


async def test_both_sides_of_a_range_are_near(charlie: Member) -> None:
    (spent,) = await near_misses(charlie, group(condition("total_spent", "between", [100, 200])), most=4)
    assert {person.first_name for person in spent.sample} == {"N99", "N98", "N201", "N202"}


async def test_wrong_input_and_permissions(charlie: Member) -> None:
    for look in (glimpse, condition_counts, near_misses):
        with pytest.raises(RuleError):
            await look(charlie, condition("cty", "=", "Pune"))
    with pytest.raises(InvalidInput):
        await glimpse(charlie, group(), sample=51)
    with pytest.raises(InvalidInput):
        await near_misses(charlie, group(), most=21)
    nobody = charlie.model_copy(update={"role": "none"})
    for look in (glimpse, condition_counts, near_misses):
        with pytest.raises(PermissionDenied):
            await look(nobody, group())


async def test_a_large_shop_is_not_walked_over_before_the_first_answer(
    charlie: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked = asyncio.Event()

    async def off_by_two() -> int:
        await walked.wait()
        return 2

    monkeypatch.setattr(everybody_module, "_missing", off_by_two)
    monkeypatch.setattr(everybody_module, "_walk", None)
    monkeypatch.setattr(everybody_module, "MANY", SIZE - 1)
    first = await glimpse(charlie, group(condition("city", "=", "Pune")))
    assert first.total == SIZE
    walked.set()
    assert await everybody_module.everybody() == SIZE + 2
    assert (await glimpse(charlie, group(condition("city", "=", "Pune")))).total == SIZE + 2


async def test_only_a_large_shop_gets_ready_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(everybody_module, "_walk", None)
    await get_ready()
    assert everybody_module._walk is None
    monkeypatch.setattr(everybody_module, "MANY", SIZE - 1)
    await get_ready()
    assert everybody_module._walk is not None
    assert everybody_module._walk[2].done()


async def test_a_small_shop_waits_for_the_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    async def off_by_two() -> int:
        return 2

    monkeypatch.setattr(everybody_module, "_missing", off_by_two)
    monkeypatch.setattr(everybody_module, "_walk", None)
    assert await everybody_module.about_everybody() == SIZE + 2


async def test_a_walk_that_failed_is_begun_again_and_one_given_up_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = 0
    go_on = asyncio.Event()

    async def first_fails() -> int:
        nonlocal begun
        begun += 1
        if begun == 1:
            raise ExecutionTimeout("too long")
        await go_on.wait()
        return 0

    monkeypatch.setattr(everybody_module, "_missing", first_fails)
    monkeypatch.setattr(everybody_module, "_walk", None)
    with pytest.raises(ExecutionTimeout):
        await everybody_module.everybody()
    given_up = asyncio.create_task(everybody_module.everybody())
    while begun < 2:
        await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.wait({given_up})
    go_on.set()
    assert await everybody_module.everybody() == SIZE
    assert begun == 2


async def test_the_tally_is_corrected_once(charlie: Member) -> None:
    from app.segments.preview.everybody import everybody

    assert await everybody() == SIZE
    await collection("customers").delete_one({"city": "Pune"})
    assert await everybody() == SIZE - 1
    assert (await preview(charlie, group(condition("city", "!=", "Pune")))).count == 300
    assert database() is not None
