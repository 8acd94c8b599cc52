"""Rules, and for each the queries a person who knows MongoDB well would write for it by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import Decimal128

from app.database import collection, database
from app.segments.rule.dates import Clock, midnight
from benchmarks.segment_data import CAMPAIGNS

Raw = dict[str, Any]
Keys = list[tuple[str, int]]
COUNTED = {"$in": ["paid", "completed"]}


@dataclass(frozen=True, kw_only=True)
class Rival:
    """One way to count by hand; `index` is made for it alone: the collection and the keys."""

    name: str
    count: Callable[[], Awaitable[int]]
    index: tuple[str, Keys] | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """A rule and who counts it by hand, at a moment."""

    name: str
    rule: Raw
    rivals: Callable[[Clock], Sequence[Rival]]


def condition(field: str, operator: str, value: Any, **more: Any) -> Raw:
    """One condition as JSON."""
    return {"field": field, "operator": operator, "value": value, **more}


def every(*rules: Raw) -> Raw:
    """All of them."""
    return {"combinator": "and", "rules": list(rules)}


def days(n: int) -> Raw:
    """A stretch of days."""
    return {"amount": n, "unit": "day"}


def ago(clock: Clock, n: int) -> datetime:
    """The local midnight n days ago."""
    return midnight(clock.today - timedelta(days=n), clock.zone)


def by_query(
    query: Callable[[Clock], Raw], *indexes: Keys, hints: Sequence[Keys] = ()
) -> Callable[[Clock], list[Rival]]:
    """Count documents: as MongoDB plans it, with a hint of an index there is, and with an index made for the rule."""

    def rivals(clock: Clock) -> list[Rival]:
        wanted = query(clock)

        async def count(**options: Any) -> int:
            return int((await database().command({"count": "customers", "query": wanted, **options}))["n"])

        return [
            Rival(name="planned", count=count),
            *(Rival(name="hinted", count=lambda hint=dict(keys): count(hint=hint)) for keys in hints),
            *(
                Rival(name="own index", count=lambda: count(hint="rival"), index=("customers", keys))
                for keys in indexes
            ),
        ]

    return rivals


def less(query: Raw) -> Callable[[Clock], list[Rival]]:
    """Everybody without those of the query."""

    async def count() -> int:
        found = (await database().command({"count": "customers", "query": query}))["n"]
        return await collection("customers").estimated_document_count() - int(found)

    return lambda _: [Rival(name="subtracted", count=count)]


def both(*makers: Callable[[Clock], list[Rival]]) -> Callable[[Clock], list[Rival]]:
    """The rivals of several kinds."""
    return lambda clock: [rival for make in makers for rival in make(clock)]


def by_pipeline(
    name: str, coll: str, stages: Callable[[Clock], list[Raw]], *keys: Keys
) -> Callable[[Clock], list[Rival]]:
    """A pipeline that ends with one number, as planned and with an index made for it."""

    def rivals(clock: Clock) -> list[Rival]:
        async def count(**options: Any) -> int:
            rows = await (await collection(coll).aggregate([*stages(clock), {"$count": "n"}], **options)).to_list()
            return int(rows[0]["n"]) if rows else 0

        return [
            Rival(name=name, count=count),
            *(Rival(name=f"{name}, own index", count=lambda: count(hint="rival"), index=(coll, one)) for one in keys),
        ]

    return rivals


def of_others(inner: Callable[[Clock], list[Rival]]) -> Callable[[Clock], list[Rival]]:
    """Everybody without those a pipeline counts."""

    def rivals(clock: Clock) -> list[Rival]:
        def turned(rival: Rival) -> Rival:
            async def count() -> int:
                return await collection("customers").estimated_document_count() - await rival.count()

            return Rival(name=rival.name, count=count, index=rival.index)

        return [turned(rival) for rival in inner(clock)]

    return rivals


def then_customers(
    name: str, coll: str, stages: Callable[[Clock], list[Raw]], own: Raw
) -> Callable[[Clock], list[Rival]]:
    """The pipeline's customers who also meet `own`: by their ids in a second query, and by a $lookup of each."""

    def rivals(clock: Clock) -> list[Rival]:
        async def two_steps() -> int:
            rows = await (await collection(coll).aggregate(stages(clock), batchSize=100_000)).to_list()
            query = {"_id": {"$in": [row["_id"] for row in rows]}, **own}
            return int((await database().command({"count": "customers", "query": query}))["n"])

        async def lookup() -> int:
            joined = {"from": "customers", "localField": "_id", "foreignField": "_id", "as": "c"}
            tested = {"$match": {f"c.{path}": test for path, test in own.items()} or {"c": {"$ne": []}}}
            pipeline = [*stages(clock), {"$lookup": joined}, tested, {"$count": "n"}]
            rows = await (await collection(coll).aggregate(pipeline)).to_list()
            return int(rows[0]["n"]) if rows else 0

        return [Rival(name=f"{name}, then ids", count=two_steps), Rival(name=f"{name}, $lookup", count=lookup)]

    return rivals


def customers_first(own: Raw, stages: Callable[[Clock], list[Raw]]) -> Callable[[Clock], list[Rival]]:
    """The orders of those who meet `own`, found by the customer."""

    def rivals(clock: Clock) -> list[Rival]:
        async def count() -> int:
            rows = await collection("customers").find(own, {"_id": 1}).to_list()
            mine = {"$match": {"customer_id": {"$in": [row["_id"] for row in rows]}}}
            found = await collection("orders").aggregate([mine, *stages(clock), {"$count": "n"}])
            counted = await found.to_list()
            return int(counted[0]["n"]) if counted else 0

        return [Rival(name="customers first", count=count)]

    return rivals


def grouped(match: Raw, *, least: Any, measure: Any = 1) -> list[Raw]:
    """Customers whose measure over the matching orders is at least this."""
    return [
        {"$match": match},
        {"$group": {"_id": "$customer_id", "m": {"$sum": measure}}},
        {"$match": {"m": {"$gte": least}}},
        {"$project": {"_id": 1}},
    ]


def distinct(match: Raw) -> list[Raw]:
    """Customers with any matching order."""
    return [{"$match": match}, {"$group": {"_id": "$customer_id"}}]


def in_last(clock: Clock, n: int) -> Raw:
    """From n days ago to the end of today."""
    return {"$gte": ago(clock, n), "$lt": midnight(clock.today + timedelta(days=1), clock.zone)}


def within(n: int, **where: Any) -> Callable[[Clock], Raw]:
    """Counted orders of the last n days."""
    return lambda clock: {"status": COUNTED, "placed_at": in_last(clock, n), **where}


def bought(measure: str, operator: str, value: Any, n: int, **more: Any) -> Raw:
    """A condition on the orders of the last n days."""
    return condition(
        "orders", operator, value, measure=measure, window={"operator": "inLast", "value": days(n)}, **more
    )


def where(field: str, value: str) -> Raw:
    """One condition on the orders."""
    return {"where": every(condition(field, "=", value))}


ROLLUPS: Keys = [("total_spent", -1), ("last_order_at", 1), ("order_count", 1), ("_id", 1)]
SPENT = Decimal128("500")
SHOES = {"folded.category": "shoes"}

EXACT: tuple[Case, ...] = (
    Case(
        name="three rollup conditions",
        rule=every(
            condition("total_spent", ">", 500),
            condition("last_order_at", "notInLast", days(90)),
            condition("order_count", ">=", 3),
        ),
        rivals=by_query(
            lambda clock: {
                "total_spent": {"$gt": SPENT}, "last_order_at": {"$lt": ago(clock, 90)}, "order_count": {"$gte": 3}
            },
            [("order_count", 1), ("total_spent", 1), ("last_order_at", 1)],
            hints=[ROLLUPS],
        ),
    ),
    Case(
        name="five conditions, equality first",
        rule=every(
            condition("total_spent", ">", 200),
            condition("city", "=", "Pune"),
            condition("last_order_at", "notInLast", days(90)),
            condition("country", "=", "India"),
            condition("order_count", ">=", 2),
        ),
        rivals=by_query(
            lambda clock: {
                "folded.city": "pune", "folded.country": "india", "total_spent": {"$gt": Decimal128("200")},
                "last_order_at": {"$lt": ago(clock, 90)}, "order_count": {"$gte": 2},
            },
            [("folded.city", 1), ("folded.country", 1), ("total_spent", 1), ("last_order_at", 1), ("order_count", 1)],
        ),
    ),
    Case(
        name="last name begins with",
        rule=every(condition("last_name", "beginsWith", "Pat")),
        rivals=by_query(lambda _: {"folded.last_name": {"$regex": "^pat"}}, [("folded.last_name", 1)]),
    ),
    Case(
        name="city contains",
        rule=every(condition("city", "contains", "ville")),
        rivals=by_query(lambda _: {"folded.city": {"$regex": "ville"}}, [("folded.city", 1)]),
    ),
    Case(
        name="any of two tags",
        rule=every(condition("tags", "anyOf", ["VIP", "press"])),
        rivals=by_query(lambda _: {"tags_folded": {"$in": ["vip", "press"]}}),
    ),
    Case(
        name="none of a tag",
        rule=every(condition("tags", "noneOf", ["VIP"])),
        rivals=both(by_query(lambda _: {"tags_folded": {"$nin": ["vip"]}}), less({"tags_folded": "vip"})),
    ),
    Case(
        name="not in a city, and spent",
        rule=every(condition("city", "!=", "Pune"), condition("total_spent", ">", 1000)),
        rivals=by_query(
            lambda _: {"folded.city": {"$ne": "pune"}, "total_spent": {"$gt": Decimal128("1000")}},
            [("total_spent", 1), ("folded.city", 1)],
        ),
    ),
    Case(
        name="a city or a tag",
        rule={
            "combinator": "or",
            "rules": [condition("city", "=", "Pune"), condition("tags", "anyOf", ["VIP"])],
        },
        rivals=by_query(lambda _: {"$or": [{"folded.city": "pune"}, {"tags_folded": "vip"}]}),
    ),
    Case(
        name="a custom attribute and a city",
        rule=every(condition("attributes.shoe_size", "=", 42), condition("city", "=", "Jaipur")),
        # An index for each pair of a custom attribute and another field is not what anybody would make.
        rivals=by_query(lambda _: {"folded.city": "jaipur", "attributes.shoe_size": 42}, [("attributes.shoe_size", 1)]),
    ),
)  # fmt: skip

ORDERS: tuple[Case, ...] = (
    Case(
        name="two orders in 90 days",
        rule=every(bought("count", ">=", 2, 90)),
        rivals=by_pipeline("grouped", "orders", lambda clock: grouped(within(90)(clock), least=2)),
    ),
    Case(
        name="sum of a year",
        rule=every(bought("sum", ">=", 300, 365)),
        rivals=by_pipeline(
            "grouped",
            "orders",
            lambda clock: grouped(within(365)(clock), least=Decimal128("300"), measure="$amount"),
        ),
    ),
    Case(
        name="two orders of a category in 30 days",
        rule=every(bought("count", ">=", 2, 30, **where("category", "Shoes"))),
        rivals=by_pipeline(
            "grouped",
            "orders",
            lambda clock: grouped(within(30, **SHOES)(clock), least=2),
            [("folded.category", 1), ("placed_at", 1), ("status", 1), ("customer_id", 1)],
        ),
    ),
    Case(
        name="no order in 90 days",
        rule=every(bought("count", "=", 0, 90)),
        rivals=of_others(by_pipeline("distinct", "orders", lambda clock: distinct(within(90)(clock)))),
    ),
    Case(
        name="two orders in 90 days, in a city",
        rule=every(bought("count", ">=", 2, 90), condition("city", "=", "Jaipur")),
        rivals=both(
            then_customers(
                "grouped", "orders", lambda clock: grouped(within(90)(clock), least=2), {"folded.city": "jaipur"}
            ),
            customers_first({"folded.city": "jaipur"}, lambda clock: grouped(within(90)(clock), least=2)),
        ),
    ),
    Case(
        name="two orders in 90 days, opted in",
        rule=every(bought("count", ">=", 2, 90), condition("email_opt_in", "=", True)),
        rivals=then_customers(
            "grouped", "orders", lambda clock: grouped(within(90)(clock), least=2), {"email_opt_in": True}
        ),
    ),
    Case(
        name="a coupon in a year",
        rule=every(bought("count", ">=", 1, 365, **where("coupon", "summer"))),
        rivals=by_pipeline(
            "distinct", "orders", lambda clock: distinct(within(365, **{"folded.coupon": "summer"})(clock))
        ),
    ),
    Case(
        name="got one campaign",
        rule=every(condition("campaign", "sent", str(CAMPAIGNS[1]))),
        rivals=then_customers(
            "deliveries",
            "deliveries",
            lambda _: [
                {"$match": {"campaign_id": CAMPAIGNS[1], "sent_at": {"$gt": datetime.min}}},
                {"$project": {"_id": "$customer_id"}},
            ],
            {},
        ),
    ),
    Case(
        name="got any campaign in 30 days, in a city",
        rule=every(
            condition("campaign", "sent", "any", window={"operator": "inLast", "value": days(30)}),
            condition("city", "=", "Jaipur"),
        ),
        rivals=then_customers(
            "deliveries",
            "deliveries",
            lambda clock: distinct({"sent_at": in_last(clock, 30)}),
            {"folded.city": "jaipur"},
        ),
    ),
)
