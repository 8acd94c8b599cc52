"""Segments written to files and read from them, ours and those of react-querybuilder."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from app.campaigns.life.service import create_campaign
from app.errors import CohortError, Conflict, FieldError, InvalidInput, PermissionDenied, RuleError
from app.segments.catalogue import forget_catalogue
from app.segments.rule import parse_rule, rule_json
from app.segments.saved.exchange import export_segment, import_segment, read_segment
from app.segments.saved.foreign import translate
from app.segments.service import create_segment, delete_segment
from models import Customer, Member
from models.segment import RuleSource
from tests.segments.strategies import CATALOGUE, json_values, orders_conditions, profile_rules
from tests.segments.test_rule import condition, group
from tests.segments.test_rule_properties import steady

PUNE = condition("city", "=", "Pune")


@pytest.fixture
async def shop(database: object) -> None:
    """One customer with a custom attribute."""
    forget_catalogue()
    await Customer(first_name="Ida", city="Pune", attributes={"size": 42, "vip": True}).insert()


def rule(field: str, operator: str, value: Any = None, **more: Any) -> dict[str, Any]:
    """A rule as react-querybuilder keeps it."""
    return {"id": "r-1", "field": field, "operator": operator, "valueSource": "value", "value": value, **more}


def query(*rules: Any, combinator: str = "and", **more: Any) -> dict[str, Any]:
    return {"id": "root", "combinator": combinator, "rules": list(rules), **more}


def errors(refused: RuleError) -> dict[str, str]:
    return {error.field: error.message for error in refused.errors}


class TestTranslating:
    @pytest.mark.parametrize(
        ("given", "ours"),
        [
            (rule("age", "between", "25,34"), condition("age", "between", [25, 34])),
            (rule("age", ">", "30"), condition("age", ">", 30)),
            (rule("age", "notBetween", "25, 34"), condition("age", "between", [25, 34], **{"not": True})),
            (rule("total_spent", ">=", "99.95"), condition("total_spent", ">=", "99.95")),
            (rule("city", "in", "Pune, Goa"), condition("city", "in", ["Pune", "Goa"])),
            (rule("city", "in", "Washington\\, DC,Goa"), condition("city", "in", ["Washington, DC", "Goa"])),
            (rule("city", "null", ""), condition("city", "null")),
            (rule("city", "notNull"), condition("city", "notNull")),
            (rule("city", "doesNotBeginWith", "P"), condition("city", "beginsWith", "P", **{"not": True})),
            (rule("city", "doesNotEndWith", "e"), condition("city", "endsWith", "e", **{"not": True})),
            (rule("tags", "=", "vip"), condition("tags", "anyOf", ["vip"])),
            (rule("tags", "notIn", "vip,new"), condition("tags", "noneOf", ["vip", "new"])),
            (rule("email_opt_in", "=", "true"), condition("email_opt_in", "=", True)),
            (rule("signed_up_at", ">", "2026-03-01"), condition("signed_up_at", "after", "2026-03-01")),
            (rule("signed_up_at", "<=", "2026-03-01"), condition("signed_up_at", "before", "2026-03-02")),
            (rule("signed_up_at", ">=", "2026-03-01T00:00"), condition("signed_up_at", "after", "2026-02-28")),
            (rule("signed_up_at", "!=", "2026-03-01"), condition("signed_up_at", "on", "2026-03-01", **{"not": True})),
            (
                rule("signed_up_at", "between", "2026-03-01,2026-03-31"),
                condition("signed_up_at", "between", ["2026-03-01", "2026-03-31"]),
            ),
        ],
    )
    def test_what_means_the_same_is_taken(self, given: Any, ours: Any) -> None:
        found = translate(query(given, disabled=True, path=[0]), CATALOGUE)
        assert found.errors == []
        assert parse_rule(found.rule, CATALOGUE) == parse_rule(group(ours), CATALOGUE)

    def test_combinators_between_conditions_are_taken_when_they_are_all_the_same(self) -> None:
        found = translate({"rules": [PUNE, "or", rule("age", ">", "30")]}, CATALOGUE)
        assert parse_rule(found.rule, CATALOGUE) == parse_rule(
            group(PUNE, condition("age", ">", 30), combinator="or"), CATALOGUE
        )
        mixed = translate({"rules": [PUNE, "or", PUNE, "and", PUNE]}, CATALOGUE)
        assert [error.field for error in mixed.errors] == ["rules"]

    def test_what_has_no_equal_is_refused_with_its_place(self) -> None:
        found = translate(
            query(
                PUNE,
                query(rule("age", "=", "order_count", valueSource="field")),
                {**PUNE, "match": {"mode": "atLeast", "threshold": 2}},
            ),
            CATALOGUE,
        )
        assert [error.field for error in found.errors] == ["rules[1].rules[0].valueSource", "rules[2].match"]

    def test_muted_conditions_are_left_out_and_places_stay_those_of_the_file(self) -> None:
        found = translate(query({**PUNE, "muted": True}, query(rule("citty", "=", "x"))), CATALOGUE)
        assert found.left_out == ["rules[0]"]
        with pytest.raises(RuleError) as caught:
            parse_rule(found.rule, CATALOGUE)
        (error,) = caught.value.errors
        assert (error.field, found.place(error.field)) == ("rules[0].rules[0].field", "rules[1].rules[0].field")

    @settings(steady, max_examples=200)
    @given(profile_rules | orders_conditions())
    def test_our_own_rules_stay_what_they_are(self, raw: Any) -> None:
        ours = parse_rule(raw, CATALOGUE)
        found = translate(rule_json(ours), CATALOGUE)
        assert found.errors == []
        assert parse_rule(found.rule, CATALOGUE) == ours

    @settings(steady, max_examples=300)
    @given(json_values)
    def test_anything_is_read_or_refused(self, raw: Any) -> None:
        found = translate(raw, CATALOGUE)
        refused: tuple[FieldError, ...] = ()
        try:
            parse_rule(found.rule, CATALOGUE)
        except RuleError as problem:
            refused = problem.errors
        assert all(found.place(error.field).count("[") >= error.field.count("[") for error in refused)


class TestFiles:
    async def test_there_and_back(self, bob: Member, charlie: Member, shop: None) -> None:
        inner = await create_segment(bob, name="Inner", rule=PUNE)
        campaign = await create_campaign(bob, {"name": "Spring", "subject": "Hi", "body": "Hello"})
        made = await create_segment(
            bob,
            name="Outer",
            rule=group(condition("segment", "in", str(inner.id)), condition("campaign", "opened", str(campaign.id))),
            description="Who came back",
        )
        file = await export_segment(charlie, made.id)
        assert (file["name"], file["rule"], file["format"]) == ("Outer", made.rule, "cohort.segment")
        assert file["references"] == {
            "segments": {str(inner.id): "Inner"},
            "campaigns": {str(campaign.id): "Spring"},
        }
        copy, notes = await import_segment(bob, json.dumps(file), name="Copy")
        assert (copy.name, copy.rule, copy.description, notes) == ("Copy", made.rule, "Who came back", ())
        assert copy.source is RuleSource.IMPORT
        with pytest.raises(Conflict):
            await import_segment(bob, file)

    async def test_references_are_found_by_name_elsewhere(self, bob: Member, shop: None) -> None:
        inner = await create_segment(bob, name="Inner", rule=PUNE)
        made = await create_segment(bob, name="Outer", rule=condition("segment", "in", str(inner.id)))
        file = await export_segment(bob, made.id)
        await delete_segment(bob, made.id)
        await delete_segment(bob, inner.id)
        with pytest.raises(RuleError) as caught:
            await read_segment(bob, file)
        assert errors(caught.value) == {
            "rules[0].value": 'refers to the segment "Inner", which this shop does not have; import or create it first'
        }
        again = await create_segment(bob, name="INNER", rule=PUNE)
        found = await read_segment(bob, file)
        assert found.rule["rules"][0]["value"] == str(again.id)
        del file["references"]
        with pytest.raises(RuleError, match="is not a segment of this shop"):
            await read_segment(bob, file)

    async def test_notes_tell_what_may_be_meant_otherwise(self, bob: Member, shop: None) -> None:
        body = {
            "name": "x",
            "currency": "EUR",
            "rule": query(condition("total_spent", ">", "10"), {**PUNE, "muted": True}),
        }
        notes = (await read_segment(bob, body)).notes
        assert notes == (
            "1 muted condition or group was left out (rules[1]).",
            "The amounts were meant in EUR; this shop counts in USD.",
        )
        assert (await read_segment(bob, {**body, "rule": PUNE})).notes == ()

    async def test_custom_attributes_are_typed(self, bob: Member, shop: None) -> None:
        found = await read_segment(
            bob, query(rule("attributes.size", "=", "42"), rule("attributes.vip", "=", "true")), name="x"
        )
        assert [one["value"] for one in found.rule["rules"]] == [42, True]

    @pytest.mark.parametrize(
        ("raw", "field"),
        [
            ("", "file"),
            ("{", "file"),
            ('{"rule": NaN}', "file"),
            ("[" * 100_000, "file"),
            ("x" * 1_000_001, "file"),
            ("[]", "rule"),
            (None, "rule"),
            (3, "rule"),
            ({}, "rule"),
            ({"name": "x"}, "rule"),
            ({"rule": "{"}, "rule"),
            ({"rule": PUNE, "extra": 1}, "extra"),
            ({"rule": PUNE, "format": "other"}, "format"),
            ({"rule": PUNE, "version": 2}, "format"),
            ({"rule": PUNE, "name": 3}, "name"),
            ({"rule": PUNE, "name": "x" * 121}, "name"),
            ({"rule": PUNE, "name": "x", "description": 3}, "description"),
            ({"rule": PUNE}, "name"),
            ({"rule": 3, "name": "x"}, "rule"),
            ({"rule": query(), "name": "x", "references": 3}, None),
            ({"rule": query(query()), "name": "x"}, "rules[0].rules"),
        ],
    )
    async def test_bad_files(self, bob: Member, shop: None, raw: Any, field: str | None) -> None:
        if field is None:
            assert (await import_segment(bob, raw))[0].name == "x"
            return
        with pytest.raises(InvalidInput) as caught:
            await import_segment(bob, raw)
        assert caught.value.errors[0].field == field

    async def test_a_viewer_exports_and_does_not_import(self, bob: Member, charlie: Member, shop: None) -> None:
        made = await create_segment(bob, name="x", rule=PUNE)
        file = await export_segment(charlie, made.id)
        for refused in (read_segment(charlie, file), import_segment(charlie, file)):
            with pytest.raises(PermissionDenied):
                await refused

    async def test_every_refusal_is_typed(self, bob: Member, shop: None) -> None:
        for raw in (
            {"rule": {"rules": ["and"] * 5}},
            {"rule": {"rules": [["and"]]}},
            {"rules": {"a": 1}},
            {"field": []},
        ):
            with pytest.raises(CohortError):
                await import_segment(bob, raw, name="x")
