"""What MongoDB selects by a compiled rule, operator by operator, and what the evaluator says of the same customers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from bson import Decimal128, ObjectId
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.database import collection
from app.errors import RuleError
from app.segments import compile as compiling
from app.segments.compile import compile_rule, resolved
from app.segments.compile.filters import rule_filter
from app.segments.explain import load_facts
from app.segments.explain.evaluate import evaluate
from app.segments.preview.counting import Counter, count_rule
from app.segments.preview.covering import covering_index
from app.segments.rule import parse_rule
from app.segments.rule.dates import clock_at
from models import Segment
from models.customer import shadows_of
from models.order import shadows_of as order_shadows
from tests.segments.strategies import CATALOGUE, NOW, TODAY, groups, orders, orders_conditions
from tests.segments.test_rule import condition, group

pytestmark = pytest.mark.usefixtures("database")

ANNA, BEN, CLEO, DUD = "anna", "ben", "cleo", "dud"


def day(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), datetime.min.time(), tzinfo=UTC)


PEOPLE: dict[str, dict[str, Any]] = {
    ANNA: {
        "first_name": "Anna",
        "last_name": "Straße",
        "city": "Mumbai",
        "postal_code": "400 001",
        "tags": ["VIP", "gold"],
        "birthday": day("2000-02-29"),
        "total_spent": Decimal128("10000.50"),
        "order_count": 3,
        "last_order_at": day("2027-02-20"),
        "signed_up_at": day("2026-01-05"),
        "email_opt_in": True,
        "attributes": {
            "size": 42.5,
            "nick": "An.na",
            "vip": True,
            "renewal": "2027-03-01",
            "hobbies": ["Golf", "chess"],
        },
    },
    BEN: {
        "first_name": "Ben",
        "city": "NAVI MUMBAI",
        "tags": ["gold"],
        "birthday": day("1990-12-31"),
        "total_spent": Decimal128("50"),
        "order_count": 1,
        "last_order_at": day("2026-06-01"),
        "signed_up_at": day("2027-02-01"),
        "email_opt_in": False,
        "attributes": {"size": 40, "vip": False, "renewal": day("2027-05-01")},
    },
    CLEO: {
        "first_name": "Cleo",
        "city": "Pune",
        "total_spent": Decimal128("0"),
        "order_count": 0,
        "attributes": {"renewal": "!soon"},
    },
    DUD: {"first_name": "", "city": ""},
}

EXAMPLES: list[tuple[dict[str, Any], set[str]]] = [
    (condition("city", "=", "mumbai"), {ANNA}),
    (condition("city", "!=", "mumbai"), {BEN, CLEO, DUD}),
    (condition("city", "in", ["MUMBAI", "pune"]), {ANNA, CLEO}),
    (condition("city", "notIn", ["MUMBAI", "pune"]), {BEN, DUD}),
    (condition("city", "contains", "mum"), {ANNA, BEN}),
    (condition("city", "doesNotContain", "mum"), {CLEO, DUD}),
    (condition("city", "beginsWith", "mum"), {ANNA}),
    (condition("city", "endsWith", "Bai"), {ANNA, BEN}),
    (condition("city", "null"), {DUD}),
    (condition("city", "notNull"), {ANNA, BEN, CLEO}),
    (condition("city", "contains", ".*"), set()),
    (condition("city", "beginsWith", "^"), set()),
    (condition("name", "=", "anna strasse"), {ANNA}),
    (condition("postal_code", "=", "400 001"), {ANNA}),
    (condition("total_spent", "=", "10000.50"), {ANNA}),
    (condition("total_spent", "!=", 50), {ANNA, CLEO, DUD}),
    (condition("total_spent", "<", 50), {CLEO}),
    (condition("total_spent", "<=", 50), {BEN, CLEO}),
    (condition("total_spent", ">", 50), {ANNA}),
    (condition("total_spent", ">=", 50), {ANNA, BEN}),
    (condition("total_spent", "between", [0, 50]), {BEN, CLEO}),
    (condition("order_count", "null"), {DUD}),
    (condition("order_count", "notNull"), {ANNA, BEN, CLEO}),
    (condition("tags", "anyOf", ["vip", "x"]), {ANNA}),
    (condition("tags", "allOf", ["vip", "GOLD"]), {ANNA}),
    (condition("tags", "noneOf", ["vip"]), {BEN, CLEO, DUD}),
    (condition("tags", "null"), {CLEO, DUD}),
    (condition("email_opt_in", "=", True), {ANNA}),
    (condition("email_opt_in", "=", False), {BEN, CLEO, DUD}),
    (condition("attributes.vip", "=", False), {BEN}),
    (condition("attributes.size", ">", 40), {ANNA}),
    (condition("attributes.nick", "contains", "n.n"), {ANNA}),
    (condition("attributes.hobbies", "anyOf", ["golf"]), {ANNA}),
    (condition("attributes.hobbies", "noneOf", ["golf"]), {BEN, CLEO, DUD}),
    (condition("attributes.renewal", "inNext", {"amount": 7, "unit": "day"}), {ANNA}),
    (condition("attributes.renewal", "after", "2027-03-01"), {BEN}),
    (condition("attributes.renewal", "null"), {CLEO, DUD}),
    (condition("last_order_at", "inLast", {"amount": 7, "unit": "day"}), {ANNA}),
    (condition("last_order_at", "notInLast", {"amount": 90, "unit": "day"}), {BEN}),
    (condition("last_order_at", "notInLast", {"amount": 90, "unit": "day"}, **{"not": True}), {ANNA, CLEO, DUD}),
    (condition("last_order_at", "on", "2027-02-20"), {ANNA}),
    (condition("last_order_at", "before", "2027-02-20"), {BEN}),
    (condition("last_order_at", "after", "2027-02-20"), set()),
    (condition("last_order_at", "between", ["2026-06-01", "2027-02-20"]), {ANNA, BEN}),
    (condition("signed_up_at", "inPeriod", {"period": "this", "unit": "month"}), {BEN}),
    (condition("signed_up_at", "before", {"amount": 1, "unit": "year", "direction": "ago"}), {ANNA}),
    (condition("birthday", "on", "2000-02-29"), {ANNA}),
    (condition("birthday", "anniversaryInNext", {"amount": 7, "unit": "day"}), {ANNA}),
    (condition("birthday", "anniversaryInPeriod", {"period": "this", "unit": "year"}), {ANNA, BEN}),
    (condition("age", "=", 26), {ANNA}),
    (condition("age", "!=", 26), {BEN, CLEO, DUD}),
    (condition("age", ">", 26), {BEN}),
    (condition("age", "<", 36), {ANNA}),
    (condition("age", "between", [26, 36]), {ANNA, BEN}),
    (condition("age", "=", 26.5), set()),
    (condition("age", "null"), {CLEO, DUD}),
    (group(), {ANNA, BEN, CLEO, DUD}),
    (group(condition("city", "=", "Pune"), condition("age", ">", 30), combinator="or"), {BEN, CLEO}),
    (group(condition("city", "=", "Pune"), condition("age", ">", 30), combinator="or", **{"not": True}), {ANNA, DUD}),
    (group(condition("total_spent", ">", 1), condition("total_spent", "<", 60)), {BEN}),
    (group(condition("total_spent", ">", 100), condition("total_spent", ">", 1)), {ANNA}),
    (group(condition("total_spent", ">", 1), condition("total_spent", ">", 100)), {ANNA}),
    (condition("attributes.renewal", "before", "2027-04-01"), {ANNA}),
    (group(condition("city", "contains", "m"), condition("city", "contains", "navi")), {BEN}),
]


async def insert_people() -> dict[ObjectId, str]:
    names: dict[ObjectId, str] = {}
    for name, own in PEOPLE.items():
        raw = {"_id": ObjectId(), **own}
        await collection("customers").insert_one({**raw, **shadows_of(raw)})
        names[raw["_id"]] = name
    return names


async def test_every_operator() -> None:
    names = await insert_people()
    stored = await collection("customers").find().to_list()
    for raw, expected in EXAMPLES:
        rule = parse_rule(raw, CATALOGUE)
        wanted = await compile_rule(rule, CATALOGUE, now=NOW)
        assert {names[row["_id"]] async for row in collection("customers").find(wanted)} == expected, (raw, wanted)
        assert {names[row["_id"]] for row in stored if evaluate(rule, row, CATALOGUE, now=NOW)} == expected, raw


def test_one_compact_filter_with_equalities_first() -> None:
    raw = group(
        condition("total_spent", ">", 100),
        condition("city", "!=", "Delhi"),
        group(condition("total_spent", "<", 500), condition("city", "=", "Pune")),
        condition("last_order_at", "inLast", {"amount": 30, "unit": "day"}),
    )
    wanted = rule_filter(parse_rule(raw, CATALOGUE), CATALOGUE.fields, clock_at(NOW, CATALOGUE))
    assert list(wanted) == ["folded.city", "total_spent", "last_order_at", "$and"]
    assert wanted["folded.city"] == "pune"
    assert wanted["total_spent"] == {"$gt": Decimal128("100"), "$lt": Decimal128("500")}
    assert wanted["$and"] == [{"folded.city": {"$ne": "delhi"}}]


async def test_the_city_index_serves_city_and_spending() -> None:
    await insert_people()
    rule = parse_rule(group(condition("city", "=", "Pune"), condition("total_spent", ">=", 0)), CATALOGUE)
    plan = await collection("customers").find(await compile_rule(rule, CATALOGUE, now=NOW)).explain()
    assert "folded.city_1_folded.country_1_total_spent_1" in str(plan["queryPlanner"]["winningPlan"])


# Orders.


async def order(customer: ObjectId, amount: str, **more: Any) -> None:
    raw = {
        "customer_id": customer,
        "status": "paid",
        "amount": Decimal128(amount),
        "items": [],
        "placed_at": datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC) - timedelta(days=3),
        **more,
    }
    await collection("orders").insert_one({**raw, **order_shadows(raw)})


def bought(measure: str, operator: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"field": "orders", "measure": measure, "operator": operator, "value": value, **more}


WEB = {"where": group(condition("channel", "=", "web"))}
SHOES = {"where": condition("category", "=", "SHOES")}
LAST_WEEK = {"window": {"operator": "inLast", "value": {"amount": 7, "unit": "day"}}}


async def test_orders() -> None:
    names = await insert_people()
    ids = {name: key for key, name in names.items()}
    shoes = [{"product": "Runner", "category": "Shoes"}, {"product": "Sock", "category": "Socks"}]
    await order(ids[ANNA], "10000", channel="web", items=shoes)
    await order(ids[ANNA], "0.30", channel="Web", coupon="SUMMER")
    await order(ids[ANNA], "0.20", channel="store", placed_at=day("2026-01-01"))
    await order(ids[ANNA], "7", channel="web", status="refunded")
    await order(ids[BEN], "50", channel="store", placed_at=day("2026-06-01"))
    examples: list[tuple[dict[str, Any], set[str]]] = [
        (bought("count", ">=", 3), {ANNA}),
        (bought("count", "<", 3), {BEN, CLEO, DUD}),
        (bought("count", "=", 0), {CLEO, DUD}),
        (bought("sum", "=", 0), {CLEO, DUD}),
        (bought("sum", ">=", "10000.50"), {ANNA}),
        (bought("count", "=", 2, **WEB), {ANNA}),
        (bought("count", "=", 0, **WEB), {BEN, CLEO, DUD}),
        (bought("count", "!=", 2, **WEB), {BEN, CLEO, DUD}),
        (bought("count", "=", 2, **WEB, **{"not": True}), {BEN, CLEO, DUD}),
        (bought("count", ">=", 1, **SHOES), {ANNA}),
        (bought("count", "between", [0, 1], **SHOES), {ANNA, BEN, CLEO, DUD}),
        (bought("count", "<", 1, **LAST_WEEK), {BEN, CLEO, DUD}),
        (bought("sum", "=", "10000.30", **LAST_WEEK), {ANNA}),
        (bought("sum", "<", 1, **LAST_WEEK), {BEN, CLEO, DUD}),
        (bought("avg", "=", 50), {BEN}),
        (bought("avg", "!=", 50), {ANNA}),
        (bought("avg", "=", 50, **{"not": True}), {ANNA, CLEO, DUD}),
        (bought("avg", "<", 100), {BEN}),
        (bought("max", ">=", 10000), {ANNA}),
        (bought("max", "<", 1, where=condition("coupon", "=", "summer")), {ANNA}),
        (bought("count", "=", 1, where=condition("status", "=", "refunded")), {ANNA}),
        (bought("count", "=", 1, where=condition("amount", ">", 7)), {ANNA, BEN}),
        (bought("count", "=", 1, where=condition("coupon", "notNull")), {ANNA}),
        (group(bought("count", ">=", 1, **WEB), condition("city", "=", "Mumbai")), {ANNA}),
    ]
    for raw, expected in examples:
        rule = parse_rule(raw, CATALOGUE)
        wanted = await compile_rule(rule, CATALOGUE, now=NOW)
        assert {names[row["_id"]] async for row in collection("customers").find(wanted)} == expected, (raw, wanted)
        for key, name in names.items():
            facts = await load_facts(rule, key, CATALOGUE)
            assert evaluate(rule, PEOPLE[name], CATALOGUE, now=NOW, facts=facts) == (name in expected), (raw, name)


async def test_an_order_without_an_amount_has_no_average() -> None:
    names = await insert_people()
    await collection("orders").insert_one({"customer_id": next(iter(names)), "status": "paid", "placed_at": NOW})
    wanted = await compile_rule(parse_rule(bought("avg", "!=", 50), CATALOGUE), CATALOGUE, now=NOW)
    assert await collection("customers").count_documents(wanted) == 0


async def test_a_list_of_ids_that_is_too_long_becomes_the_list_of_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    names = await insert_people()
    for key in list(names)[:3]:
        await order(key, "5", channel="web")
    monkeypatch.setattr(compiling, "MOST_IDS", 2)
    monkeypatch.setattr(resolved, "MOST_IDS", 2)
    wanted = await compile_rule(parse_rule(bought("count", ">", 0, **WEB), CATALOGUE), CATALOGUE, now=NOW)
    assert list(wanted["_id"]) == ["$nin"]
    assert {names[row["_id"]] async for row in collection("customers").find(wanted)} == {ANNA, BEN, CLEO}


@st.composite
def shops(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    ids = [ObjectId() for _ in range(4)]
    placed = [draw(orders(key)) for key in ids[:3] for _ in range(draw(st.integers(0, 4)))]
    return [{"_id": key} for key in ids], placed


random_shops: list[Any] = []


@hypothesis_settings(
    derandomize=True,
    max_examples=60,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(shops(), st.lists(groups(orders_conditions(), depth=1), min_size=3, max_size=4))
def _collect(shop: Any, rules: Any) -> None:
    random_shops.append((shop, rules))


async def test_random_orders_and_conditions() -> None:
    random_shops.clear()
    _collect()
    for (people, placed), raws in random_shops:
        for row in people:
            mine = [
                one for one in placed if one["customer_id"] == row["_id"] and one["status"] in ("paid", "completed")
            ]
            row["order_count"] = len(mine)
            row["total_spent"] = Decimal128(sum((one["amount"].to_decimal() for one in mine), Decimal(0)))
        await collection("customers").delete_many({})
        await collection("orders").delete_many({})
        await collection("customers").insert_many(people)
        if placed:
            await collection("orders").insert_many(placed)
        for raw in raws:
            rule = parse_rule(raw, CATALOGUE)
            wanted = await compile_rule(rule, CATALOGUE, now=NOW)
            selected = {row["_id"] async for row in collection("customers").find(wanted, {"_id": 1})}
            expected = {
                row["_id"]
                for row in people
                if evaluate(rule, row, CATALOGUE, now=NOW, facts=await load_facts(rule, row["_id"], CATALOGUE))
            }
            assert selected == expected, (rule, wanted)


# Campaigns and segments.


async def test_campaigns() -> None:
    names = await insert_people()
    ids = {name: key for key, name in names.items()}
    spring, autumn = ObjectId(), ObjectId()
    recently = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC)
    for name, campaign, sent in ((ANNA, spring, recently), (BEN, spring, None), (CLEO, autumn, day("2026-01-01"))):
        await collection("deliveries").insert_one(
            {"_id": f"{campaign}:{ids[name]}", "campaign_id": campaign, "customer_id": ids[name], "sent_at": sent}
        )
    catalogue = type(CATALOGUE)(**{**vars(CATALOGUE), "campaigns": {str(spring): "Spring", str(autumn): "Autumn"}})
    examples = [
        (condition("campaign", "sent", "any"), {ANNA, CLEO}),
        (condition("campaign", "sent", str(spring)), {ANNA}),
        (condition("campaign", "sent", str(spring), **{"not": True}), {BEN, CLEO, DUD}),
        (condition("campaign", "sent", "any", **LAST_WEEK), {ANNA}),
        (condition("campaign", "opened", "any"), set()),
        (condition("campaign", "opened", "any", **{"not": True}), {ANNA, BEN, CLEO, DUD}),
    ]
    for raw, expected in examples:
        rule = parse_rule(raw, catalogue)
        wanted = await compile_rule(rule, catalogue, now=NOW)
        assert {names[row["_id"]] async for row in collection("customers").find(wanted)} == expected, raw
        for key, name in names.items():
            facts = await load_facts(rule, key, catalogue)
            assert evaluate(rule, PEOPLE[name], catalogue, now=NOW, facts=facts) == (name in expected), (raw, name)


async def saved(name: str, rule: dict[str, Any]) -> str:
    segment = await Segment(name=name, name_folded=name.lower(), rule=rule).insert()
    return str(segment.id)


async def test_segments_are_written_out() -> None:
    names = await insert_people()
    inner = await saved("Mumbai", group(condition("city", "contains", "mumbai")))
    outer = await saved("Rich in Mumbai", group(condition("segment", "in", inner), condition("total_spent", ">", 100)))
    catalogue = type(CATALOGUE)(**{**vars(CATALOGUE), "segments": {inner: "Mumbai", outer: "Rich in Mumbai"}})
    examples = [
        (condition("segment", "in", outer), {ANNA}),
        (condition("segment", "notIn", outer), {BEN, CLEO, DUD}),
        (condition("segment", "in", outer, **{"not": True}), {BEN, CLEO, DUD}),
        (group(condition("segment", "in", inner), condition("segment", "notIn", outer)), {BEN}),
    ]
    for raw, expected in examples:
        rule = parse_rule(raw, catalogue)
        wanted = await compile_rule(rule, catalogue, now=NOW)
        assert {names[row["_id"]] async for row in collection("customers").find(wanted)} == expected, raw
        for key, name in names.items():
            facts = await load_facts(rule, key, catalogue)
            assert evaluate(rule, PEOPLE[name], catalogue, now=NOW, facts=facts) == (name in expected), (raw, name)


async def test_circles_and_deleted_segments_are_refused() -> None:
    first = await saved("First", group())
    second = await saved("Second", group(condition("segment", "in", first)))
    await Segment.find_one({"name": "First"}).set({"rule": group(condition("segment", "in", second))})
    gone = str(ObjectId())
    catalogue = type(CATALOGUE)(**{**vars(CATALOGUE), "segments": {first: "First", second: "Second", gone: "Gone"}})
    with pytest.raises(RuleError, match="in a circle: First → Second → First"):
        await compile_rule(parse_rule(condition("segment", "in", first), catalogue), catalogue, now=NOW)
    with pytest.raises(RuleError, match="deleted"):
        await compile_rule(parse_rule(condition("segment", "in", gone), catalogue), catalogue, now=NOW)


# Counting.


async def test_counts_are_those_of_the_filter() -> None:
    names = await insert_people()
    ids = {name: key for key, name in names.items()}
    await order(ids[ANNA], "5", channel="web")
    await order(ids[ANNA], "5", channel="store")
    await order(ids[BEN], "7", channel="web")
    clock = clock_at(NOW, CATALOGUE)
    beyond = [
        bought(measure, operator, value, **more)
        for measure, value in (("count", 0), ("count", 1), ("count", 2), ("sum", 0), ("sum", 5), ("max", 5))
        for operator in ("=", "!=", "<", "<=", ">", ">=")
        for more in (LAST_WEEK, WEB, {**WEB, "not": True})
    ]
    beyond += [bought("count", "between", [0, 0], **WEB), bought("count", "between", [0, 1], **WEB)]
    for raw in [
        *(raw for raw, _ in EXAMPLES),
        *beyond,
        *(group(condition("city", "!=", "Pune"), one) for one in beyond),
    ]:
        rule = parse_rule(raw, CATALOGUE)
        wanted = await compile_rule(rule, CATALOGUE, now=NOW)
        expected = {row["_id"] async for row in collection("customers").find(wanted)}
        assert await count_rule(rule, CATALOGUE, clock, longest_ms=5_000) == len(expected), raw
        count, people = await Counter(rule, CATALOGUE, clock, longest_ms=5_000).look(50)
        assert (count, {person.id for person in people}) == (len(expected), expected), raw


async def test_more_ids_than_one_filter_holds_are_counted_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    names = await insert_people()
    for key in list(names)[:3]:
        await order(key, "5", channel="web")
    monkeypatch.setattr(resolved, "MOST_IDS", 1)
    for raw, size in (
        (group(bought("count", ">", 0, **WEB), condition("email_opt_in", "=", False)), 2),
        (group(bought("count", "=", 0, **WEB), bought("count", "=", 0, **LAST_WEEK)), 1),
        (group(bought("count", ">", 0, **WEB), bought("count", ">", 1, **LAST_WEEK), combinator="or"), 3),
    ):
        counter = Counter(parse_rule(raw, CATALOGUE), CATALOGUE, clock_at(NOW, CATALOGUE), longest_ms=5_000)
        assert await counter.count() == size
        assert len(await counter.filters()) > 1


def test_the_index_that_covers_a_rule() -> None:
    spent, last = {"total_spent": {"$gt": 1}}, {"last_order_at": {"$lt": NOW}}
    places = {"folded.city": "pune", "folded.country": "india"}
    chosen = covering_index({**spent, **last, "order_count": {"$gte": 3}})
    assert chosen is not None
    assert list(chosen) == ["total_spent", "last_order_at", "order_count", "_id"]
    chosen = covering_index({**places, **spent})
    assert chosen is not None
    assert list(chosen)[:2] == ["folded.city", "folded.country"]
    assert covering_index({**spent, "folded.city": {"$ne": "pune"}}) is None
    for none in (
        {**spent, "gender": "x"},
        {**spent, "$or": []},
        {"_id": {"$in": []}, **spent},
        {"tags_folded": "x", **spent},
    ):
        assert covering_index(none) is None
