"""Random rules and random customers, made to collide: small pools, boundary days, awkward text, missing fields."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from bson import Decimal128, ObjectId
from hypothesis import strategies as st

from app.segments.catalogue import OPERATORS, Catalogue, Field, FieldType, bare_catalogue, operators_of
from app.segments.catalogue.fields import CAMPAIGN_OPERATORS, SEGMENT_OPERATORS
from models.customer import shadows_of
from models.order import OrderStatus
from models.order import shadows_of as order_shadows

ZONE = ZoneInfo("Asia/Kolkata")
NOW = datetime(2027, 2, 25, 20, 0, tzinfo=UTC)
TODAY = date(2027, 2, 26)
"""Local midnight has passed in Kolkata and not in Greenwich; a week with a missing 29 February lies ahead."""


def attribute(key: str, kind: FieldType) -> Field:
    shadow = kind in (FieldType.TEXT, FieldType.TAGS)
    path = f"folded.attributes.{key}" if shadow else f"attributes.{key}"
    return Field(name=f"attributes.{key}", label=key.capitalize(), type=kind, path=path, group="Custom")


ATTRIBUTES = (
    attribute("size", FieldType.NUMBER),
    attribute("nick", FieldType.TEXT),
    attribute("vip", FieldType.BOOLEAN),
    attribute("renewal", FieldType.DATE),
    attribute("hobbies", FieldType.TAGS),
)
CATALOGUE: Catalogue = bare_catalogue(timezone="Asia/Kolkata", fields=ATTRIBUTES)

WORDS = (
    "Mumbai",
    "MUMBAI",
    "mumbai ",
    "Navi Mumbai",
    "Pune",
    "İstanbul",
    "istanbul",
    "Straße",
    "STRASSE",
    "ﬁsh",
    "fish",
    "é",
    "e\u0301",
    "a.c",
    "abc",
    "^x$",
    "(x|y)*",
    "[a-z]+",
    "$where",
    "$",
    "\\d\\E",
    "\\Qx",
    "x\ny",
    "x\n",
    "日本",
    "#1 & ~-",
    "Ⅷ",
    "K",
)
texts = st.sampled_from(WORDS) | st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=6
).filter(lambda text: text.strip() != "")
amounts = st.sampled_from(["0", "0.01", "99.95", "100", "100.0001", "1500", "10000"]).map(Decimal) | st.decimals(
    -10, 20_000, places=2
)
numbers = (
    st.sampled_from([-1, 0, 1, 2, 3, 3.5, 42, 42.5]) | st.integers(-5, 60) | st.floats(-5, 60).map(lambda x: x + 0.0)
)
days = st.sampled_from(
    [
        TODAY,
        TODAY - timedelta(1),
        TODAY + timedelta(1),
        TODAY - timedelta(90),
        TODAY - timedelta(91),
        TODAY - timedelta(30),
        date(2027, 2, 28),
        date(2027, 3, 1),
        date(2024, 2, 29),
        date(2027, 1, 1),
        date(2026, 12, 31),
        date(2027, 1, 31),
    ]
) | st.dates(date(2025, 1, 1), date(2028, 12, 31))


def _moment(day: date, shift: timedelta) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC) + shift


moments = st.builds(
    _moment,
    days,
    st.sampled_from([timedelta(0), timedelta(milliseconds=-1), timedelta(milliseconds=1), timedelta(hours=5)]),
)
birthdays = st.sampled_from(
    [
        date(2000, 2, 29),
        date(2001, 2, 28),
        date(2000, 2, 28),
        date(1997, 2, 26),
        date(1997, 2, 27),
        date(1997, 2, 25),
        date(2009, 3, 1),
        date(1990, 12, 31),
        date(1990, 1, 1),
        date(2028, 1, 1),
    ]
) | st.dates(date(1940, 1, 1), date(2026, 12, 31))


def _midnight_utc(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


odd_values = st.one_of(texts, numbers, st.booleans(), moments, days.map(str), st.none(), st.lists(texts, max_size=3))
attributes = st.fixed_dictionaries(
    {},
    optional={
        "size": numbers | amounts.map(Decimal128) | odd_values | st.just(float("nan")) | st.lists(numbers, max_size=3),
        "nick": texts | odd_values,
        "vip": st.booleans() | odd_values,
        "renewal": days.map(str) | moments | days.map(lambda day: f"{day}T10:00:00Z") | odd_values,
        "hobbies": st.lists(texts, max_size=4) | odd_values,
        "$where": texts,
        "a.b": numbers,
    },
)


@st.composite
def customers(draw: st.DrawFn) -> dict[str, Any]:
    """A raw customer as it lies in MongoDB, shadows included; any field may be missing, empty or null."""
    blank = st.sampled_from(["", None, " "])
    raw = draw(
        st.fixed_dictionaries(
            {"_id": st.builds(ObjectId)},
            optional={
                **dict.fromkeys(("first_name", "last_name", "email", "phone", "city", "region"), texts | blank),
                **dict.fromkeys(("postal_code", "country", "gender", "source"), texts | blank),
                "birthday": birthdays.map(_midnight_utc) | st.none(),
                "signed_up_at": moments,
                "first_order_at": moments | st.none(),
                "last_order_at": moments | st.none(),
                "tags": st.lists(texts, max_size=4),
                "attributes": attributes,
                "email_opt_in": st.booleans(),
                "sms_opt_in": st.booleans(),
                "total_spent": amounts.map(Decimal128),
                "average_order_value": amounts.map(Decimal128) | st.none(),
                "order_count": st.integers(0, 5),
            },
        )
    )
    return {**raw, **shadows_of(raw)}


units = st.sampled_from(["day", "week", "month", "quarter", "year"])
spans = st.fixed_dictionaries({"amount": st.sampled_from([1, 2, 3, 7, 30, 90]), "unit": units})
relative_days = st.fixed_dictionaries(
    {"amount": st.sampled_from([0, 1, 2, 30, 90]), "unit": units, "direction": st.sampled_from(["ago", "ahead"])}
)
periods = st.fixed_dictionaries(
    {
        "period": st.sampled_from(["this", "last", "next"]),
        "unit": st.sampled_from(["week", "month", "quarter", "year"]),
    }
)
rule_texts = texts.filter(lambda text: len(text) <= 200)


Days: TypeAlias = st.SearchStrategy[date]


def day_pairs(near: Days) -> st.SearchStrategy[list[Any]]:
    return st.lists(near | birthdays, min_size=2, max_size=2).map(lambda pair: [str(day) for day in sorted(pair)])


def values_for(field: Field, operator: str, near: Days = days) -> st.SearchStrategy[Any]:
    """JSON values that this operator accepts; days are `near` or those of a birthday."""
    if operator in ("null", "notNull"):
        return st.none()
    if field.type is FieldType.DATE:
        if operator == "between":
            return day_pairs(near)
        if operator in ("before", "after", "on"):
            return st.one_of(near.map(str), birthdays.map(str), relative_days)
        return periods if operator.lower().endswith("inperiod") else spans
    if field.type is FieldType.BOOLEAN:
        return st.booleans()
    if field.type is FieldType.ENUM:
        one: st.SearchStrategy[Any] = st.sampled_from(field.values)
    elif field.type is FieldType.MONEY:
        one = amounts.map(str)
    elif field.type is FieldType.NUMBER:
        one = st.integers(0, 90) | st.just(30.5) if field.name == "age" else numbers
    else:
        one = rule_texts
    if operator == "between":
        return st.lists(one, min_size=2, max_size=2).map(lambda pair: sorted(pair, key=float))
    return st.lists(one, min_size=1, max_size=4) if operator in LISTS else one


LISTS = ("in", "notIn", "anyOf", "allOf", "noneOf")


@st.composite
def conditions(draw: st.DrawFn, fields: tuple[Field, ...], near: Days = days) -> dict[str, Any]:
    field = draw(st.sampled_from(fields))
    operator = draw(st.sampled_from(operators_of(field)))
    rule = {"field": field.name, "operator": operator, "value": draw(values_for(field, operator, near))}
    return {**rule, "not": True} if draw(st.integers(0, 5)) == 0 else rule


def groups(leaf: st.SearchStrategy[Any], depth: int = 3, least: int = 1) -> st.SearchStrategy[dict[str, Any]]:
    """Groups of conditions as JSON, up to `depth` levels."""
    inner = leaf if depth == 1 else st.one_of(leaf, leaf, groups(leaf, depth - 1))
    return st.fixed_dictionaries(
        {
            "combinator": st.sampled_from(["and", "or"]),
            "not": st.booleans() if least else st.just(False),
            "rules": st.lists(inner, min_size=least, max_size=4),
        }
    )


profile_rules = groups(conditions(tuple(CATALOGUE.fields.values())))
"""Rules about the customer's own fields."""

order_wheres = groups(conditions(tuple(CATALOGUE.order_fields.values())), depth=2)


@st.composite
def orders_conditions(
    draw: st.DrawFn, wheres: st.SearchStrategy[Any] = order_wheres, near: Days = days
) -> dict[str, Any]:
    measure = draw(st.sampled_from(["count", "sum", "avg", "max"]))
    operator = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "between"]))
    one = st.integers(0, 4) if measure == "count" else st.sampled_from([0, 50, "99.95", 100, 150, 250])
    value = draw(
        st.lists(one, min_size=2, max_size=2).map(lambda pair: sorted(pair, key=float))
        if operator == "between"
        else one
    )
    rule: dict[str, Any] = {"field": "orders", "measure": measure, "operator": operator, "value": value}
    if draw(st.booleans()):
        rule["where"] = draw(wheres)
    if draw(st.booleans()):
        rule["window"] = draw(windows(near))
    return {**rule, "not": True} if draw(st.integers(0, 4)) == 0 else rule


@st.composite
def windows(draw: st.DrawFn, near: Days = days) -> dict[str, Any]:
    date_field = Field(name="placed_at", label="", type=FieldType.DATE)
    operator = draw(st.sampled_from([name for name in operators_of(date_field) if name not in ("null", "notNull")]))
    return {"operator": operator, "value": draw(values_for(date_field, operator, near))}


@st.composite
def campaign_conditions(draw: st.DrawFn, campaigns: Sequence[str], near: Days = days) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "field": "campaign",
        "operator": draw(st.sampled_from(CAMPAIGN_OPERATORS)),
        "value": draw(st.sampled_from(["any", *campaigns])),
    }
    if draw(st.booleans()):
        rule["window"] = draw(windows(near))
    return {**rule, "not": True} if draw(st.booleans()) else rule


def segment_conditions(segments: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "field": st.just("segment"),
            "operator": st.sampled_from(SEGMENT_OPERATORS),
            "value": st.sampled_from(segments),
            "not": st.booleans(),
        }
    )


PRODUCTS = ("Shoes", "shoes ", "STRASSE", "Straße", "Bags", "a.c", "abc", "(x|y)*", "Éclair", "éclair")


@st.composite
def orders(draw: st.DrawFn, customer_id: ObjectId) -> dict[str, Any]:
    """A raw order of one customer."""
    items = st.fixed_dictionaries({"product": st.sampled_from(PRODUCTS), "category": st.sampled_from(PRODUCTS)})
    raw = {
        "customer_id": customer_id,
        "status": draw(st.sampled_from([status.value for status in OrderStatus])),
        "amount": Decimal128(draw(st.sampled_from([Decimal(50), Decimal("99.95"), Decimal(100), Decimal(200)]))),
        "items": draw(st.lists(items, max_size=2)),
        "channel": draw(st.sampled_from(["web", "Web", "store", None])),
        "coupon": draw(st.sampled_from(["SUMMER", "summer", "", None])),
        "placed_at": draw(moments),
    }
    return {**raw, **order_shadows(raw)}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "combinator",
                    "rules",
                    "not",
                    "field",
                    "operator",
                    "value",
                    "where",
                    "window",
                    "measure",
                    "$where",
                    "amount",
                ]
            ),
            inner
            | st.sampled_from(["and", "or", "orders", "campaign", "segment", "any", "in", "inLast", "count", "day"])
            | st.sampled_from([*CATALOGUE.fields, *{name for names in OPERATORS.values() for name in names}]),
            max_size=6,
        )
    ),
    max_leaves=25,
)
"""Anything JSON can say, with a liking for words of the rule language."""
