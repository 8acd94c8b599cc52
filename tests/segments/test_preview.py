"""Counts, samples, pages and explanations over the real database."""

from __future__ import annotations

from typing import Any

import pytest
from bson import ObjectId

from app.database import collection
from app.errors import InvalidInput, NotFound, RuleError
from app.segments.catalogue import FieldType, forget_catalogue, load_catalogue
from app.segments.explain import explain_customer
from app.segments.preview import member_page, preview
from app.segments.rule import parse_rule
from models import Campaign, Customer, Member, Segment
from tests.segments.test_rule import condition, group


@pytest.fixture(autouse=True)
async def shop(database: object) -> None:
    """Seven customers in two cities."""
    forget_catalogue()
    for number in range(7):
        await Customer(
            first_name=f"Person {number}",
            email=f"person{number}@example.com",
            city="Pune" if number < 5 else "Mumbai",
            tags=["vip"] if number == 0 else [],
            attributes={"size": 40 + number, "plan": "free" if number % 2 else "pro", "joined": "2026-01-01"},
        ).insert()


async def test_preview_counts_and_samples(charlie: Member) -> None:
    seen = await preview(charlie, condition("city", "=", "pune"), sample=3)
    assert (seen.count, seen.total, len(seen.sample)) == (5, 7, 3)
    assert {person.city for person in seen.sample} == {"Pune"}
    assert seen.sentence == "Customers who live in pune"
    assert seen.took_ms >= 0


async def test_preview_of_everybody_and_of_nobody(charlie: Member) -> None:
    assert (await preview(charlie, group())).count == 7
    nobody = await preview(charlie, condition("city", "=", "Delhi"), sample=0)
    assert (nobody.count, nobody.total, nobody.sample) == (0, 7, [])


async def test_preview_refuses_a_wrong_rule(charlie: Member) -> None:
    with pytest.raises(RuleError):
        await preview(charlie, condition("cty", "=", "Pune"))
    with pytest.raises(InvalidInput):
        await preview(charlie, group(), sample=1000)


async def test_pages_hold_everybody_once(charlie: Member) -> None:
    segment = await Segment(name="Pune", name_folded="pune", rule=group(condition("city", "=", "Pune"))).insert()
    first, cursor = await member_page(charlie, segment.id, limit=2)
    second, cursor_2 = await member_page(charlie, str(segment.id), limit=2, cursor=cursor)
    third, none = await member_page(charlie, segment.id, limit=2, cursor=cursor_2)
    names = [person.first_name for person in (*first, *second, *third)]
    assert names == [f"Person {number}" for number in range(5)]
    assert none is None
    for wrong in ({"limit": 0}, {"limit": 201}, {"cursor": "nonsense"}):
        with pytest.raises(InvalidInput):
            await member_page(charlie, segment.id, **wrong)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        await member_page(charlie, "nonsense")


async def test_the_catalogue_knows_what_is_in_the_data() -> None:
    await collection("customers").insert_one({"attributes": {"$bad": 1, "a.b": 1, "Upper": 1}})
    await collection("orders").insert_one(
        {"items": [{"category": "Shoes", "product": "Runner"}], "channel": "web", "coupon": None, "number": "1"}
    )
    campaign = await Campaign(name="Spring").insert()
    forget_catalogue()
    catalogue = await load_catalogue()
    fields = catalogue.fields
    assert fields["city"].values == ("Pune", "Mumbai")
    assert fields["tags"].values == ("vip",)
    assert not any(fields[name].values for name in ("name", "first_name", "last_name", "email", "phone"))
    kinds = {name: field.type for name, field in fields.items() if field.group == "Custom"}
    assert kinds == {
        "attributes.joined": FieldType.DATE,
        "attributes.plan": FieldType.TEXT,
        "attributes.size": FieldType.NUMBER,
    }
    assert fields["attributes.plan"].values == ("pro", "free")
    assert catalogue.order_fields["category"].values == ("Shoes",)
    assert "refunded" in catalogue.order_fields["status"].values
    assert catalogue.campaigns == {str(campaign.id): "Spring"}
    assert (catalogue.timezone, catalogue.currency, catalogue.week_start) == ("Asia/Kolkata", "USD", "monday")
    assert await load_catalogue() is catalogue


async def test_personal_values_stay_out_of_the_catalogue() -> None:
    for _ in range(3):
        await Customer(
            attributes={"spouse_name": "Ida", "note": "call 0171 2345678", "other": "ida@example.com", "plan": "pro"}
        ).insert()
    forget_catalogue()
    fields = (await load_catalogue()).fields
    assert [fields[f"attributes.{key}"].values for key in ("spouse_name", "note", "other")] == [(), (), ()]


async def test_an_attribute_of_a_saved_rule_stays_known(database: object) -> None:
    await Segment(name="Old", name_folded="old", rule=group(condition("attributes.gone", ">", 3))).insert()
    forget_catalogue()
    catalogue = await load_catalogue()
    assert catalogue.fields["attributes.gone"].type is FieldType.NUMBER
    parse_rule(condition("attributes.gone", "<", 5), catalogue)


async def test_what_was_made_a_moment_ago_is_known(charlie: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    await load_catalogue()
    monkeypatch.setattr("app.segments.saved.current.FRESH_SECONDS", 0.0)
    segment = await Segment(name="New", name_folded="new", rule=group(condition("city", "=", "Pune"))).insert()
    assert (await preview(charlie, condition("segment", "in", str(segment.id)))).count == 5


async def test_explain_tells_truth_and_value_at_every_node(charlie: Member) -> None:
    person = await Customer.find_one({"first_name": "Person 0"})
    assert person is not None
    rule = group(
        condition("city", "=", "Mumbai"),
        group(
            condition("attributes.size", ">=", 40),
            {"field": "orders", "measure": "count", "operator": ">", "value": 0},
            combinator="or",
        ),
    )
    told = await explain_customer(charlie, rule=rule, customer_id=str(person.id))
    assert told["truth"] is False
    assert told["sentence"].startswith("Customers who live in Mumbai and ")
    city, inner = told["rules"]
    assert city == {
        "field": "city",
        "operator": "=",
        "value": "Mumbai",
        "path": "rules[0]",
        "truth": False,
        "text": "who live in Mumbai",
        "found": "Pune",
        "because": "city is Pune, not Mumbai",
        "change": "city would have to be Mumbai",
    }
    assert (inner["truth"], inner["path"]) == (True, "rules[1]")
    assert [(node["path"], node["truth"], node["found"]) for node in inner["rules"]] == [
        ("rules[1].rules[0]", True, 40),
        ("rules[1].rules[1]", False, 0),
    ]


async def test_explain_needs_a_rule_or_a_segment_and_a_customer(charlie: Member) -> None:
    person = await Customer.find_one({})
    assert person is not None
    segment = await Segment(name="All", name_folded="all", rule=group()).insert()
    told = await explain_customer(charlie, segment_id=segment.id, customer_id=person.id)
    assert told["truth"] is True
    wrong: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"customer_id": person.id}, InvalidInput),
        ({"rule": group(), "segment_id": segment.id, "customer_id": person.id}, InvalidInput),
        ({"rule": group(), "customer_id": ObjectId()}, NotFound),
        ({"rule": group(), "customer_id": "nonsense"}, NotFound),
        ({"segment_id": ObjectId(), "customer_id": person.id}, NotFound),
    ]
    for arguments, problem in wrong:
        with pytest.raises(problem):
            await explain_customer(charlie, **arguments)
