"""The builder's state: the tree, what is missing in it, and where errors belong. No user interface and no database."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import FieldError
from app.segments.catalogue import Field, FieldType, bare_catalogue
from pages.segment_editor.shapes import Shape, blank, missing, shape_of, typed_number
from pages.segment_editor.state import EditorState
from pages.segment_editor.tree import ConditionNode, GroupNode, Mode, locate, node_json, read_group

RULE: dict[str, Any] = {
    "combinator": "and",
    "rules": [
        {"field": "total_spent", "operator": ">", "value": 1000},
        {
            "combinator": "or",
            "rules": [
                {"field": "city", "operator": "in", "value": ["Pune", "Lyon"]},
                {"field": "tags", "operator": "anyOf", "value": ["vip"]},
            ],
            "not": True,
        },
        {
            "field": "orders",
            "measure": "count",
            "operator": ">=",
            "value": 3,
            "where": {"combinator": "and", "rules": [{"field": "category", "operator": "=", "value": "Shoes"}]},
            "window": {"operator": "inLast", "value": {"amount": 30, "unit": "day"}},
        },
        {"field": "campaign", "operator": "opened", "value": "any", "not": True},
        {"field": "phone", "operator": "null"},
    ],
}


@pytest.fixture
def state() -> EditorState:
    shoe = Field(name="attributes.shoe_size", label="Shoe size", type=FieldType.NUMBER, group="Custom")
    return EditorState(catalogue=bare_catalogue(fields=(shoe,)), root=read_group(RULE))


class TestTree:
    def test_it_reads_and_writes_the_same_rule(self) -> None:
        assert node_json(read_group(RULE)) == RULE

    @pytest.mark.parametrize("mode", list(Mode))
    def test_every_mode_survives_the_round_trip(self, mode: Mode) -> None:
        assert read_group(node_json(GroupNode(mode=mode))).mode is mode

    def test_a_path_leads_to_its_node(self, state: EditorState) -> None:
        node, rest = locate(state.root, "rules[1].rules[0].value")
        assert isinstance(node, ConditionNode)
        assert (node.field, rest) == ("city", "value")

    def test_a_path_leads_into_the_orders_of_a_condition(self, state: EditorState) -> None:
        node, rest = locate(state.root, "rules[2].where.rules[0].operator")
        assert isinstance(node, ConditionNode)
        assert (node.field, rest) == ("category", "operator")

    def test_a_path_that_leads_nowhere_gives_the_deepest_node(self, state: EditorState) -> None:
        assert locate(state.root, "rules[9].value")[0] is state.root
        assert locate(state.root, "rules[2].value[1]")[0] is state.root.children[2]


class TestEditing:
    def test_duplicate_stands_right_after_and_is_independent(self, state: EditorState) -> None:
        twin = state.duplicate(state.root.children[1])
        assert state.root.children[2] is twin
        assert isinstance(twin, GroupNode)
        state.remove(twin.children[0])
        assert len(state.rule()["rules"][1]["rules"]) == 2

    def test_removing_the_last_condition_removes_its_group(self, state: EditorState) -> None:
        group = state.root.children[1]
        assert isinstance(group, GroupNode)
        for child in list(group.children):
            state.remove(child)
        assert group not in state.root.children

    def test_the_root_stays(self, state: EditorState) -> None:
        for child in list(state.root.children):
            state.remove(child)
        assert state.rule() == {"combinator": "and", "rules": []}

    def test_removing_the_last_order_condition_leaves_no_where(self, state: EditorState) -> None:
        orders = state.root.children[2]
        assert isinstance(orders, ConditionNode)
        assert orders.where
        state.remove(orders.where.children[0])
        assert "where" not in state.rule()["rules"][2]

    def test_negating_twice_changes_nothing(self, state: EditorState) -> None:
        for node in list(state.root.children):
            before = node_json(node)
            state.negate(node)
            assert node_json(node) != before
            state.negate(node)
            assert node_json(node) == before

    def test_negating_text_uses_the_opposite_operator(self, state: EditorState) -> None:
        phone = state.root.children[4]
        state.negate(phone)
        assert node_json(phone) == {"field": "phone", "operator": "notNull"}

    def test_negating_a_comparison_keeps_those_without_a_value(self, state: EditorState) -> None:
        state.negate(state.root.children[0])
        assert state.rule()["rules"][0] == {"field": "total_spent", "operator": ">", "value": 1000, "not": True}

    def test_groups_nest_to_the_limit(self, state: EditorState) -> None:
        group, depth = state.root, 1
        while state.may_nest(group):
            group, depth = state.add_group(group), depth + 1
        assert depth == 5

    def test_ungroup_puts_the_children_in_place(self, state: EditorState) -> None:
        group = state.root.children[1]
        assert isinstance(group, GroupNode)
        state.ungroup(group)
        assert [c.field for c in state.root.children if isinstance(c, ConditionNode)][:3] == [
            "total_spent",
            "city",
            "tags",
        ]


class TestFieldsAndOperators:
    def test_a_new_condition_starts_with_the_usual_operator(self, state: EditorState) -> None:
        node = state.add_condition(state.root, "last_order_at")
        assert node_json(node) == {
            "field": "last_order_at",
            "operator": "inLast",
            "value": {"amount": 30, "unit": "day"},
        }
        assert node_json(state.add_condition(state.root, "birthday"))["operator"] == "anniversaryInPeriod"

    def test_only_birthdays_come_back(self, state: EditorState) -> None:
        node = state.add_condition(state.root, "signed_up_at")
        assert not any(name.startswith("anniversary") for name in state.operators(node))

    def test_a_value_is_carried_to_another_operator(self, state: EditorState) -> None:
        spent, group = state.root.children[0], state.root.children[1]
        assert isinstance(spent, ConditionNode)
        assert isinstance(group, GroupNode)
        state.set_operator(spent, "between")
        assert spent.value == [1000, None]
        state.set_operator(spent, "<=")
        assert spent.value == 1000
        city = group.children[0]
        assert isinstance(city, ConditionNode)
        state.set_operator(city, "=")
        assert city.value == "Pune"
        state.set_operator(city, "notIn")
        assert city.value == ["Pune"]

    def test_another_field_of_the_same_type_keeps_number_and_operator(self, state: EditorState) -> None:
        spent = state.root.children[0]
        assert isinstance(spent, ConditionNode)
        state.set_field(spent, "average_order_value")
        assert node_json(spent) == {"field": "average_order_value", "operator": ">", "value": 1000}

    def test_another_text_field_forgets_the_text(self, state: EditorState) -> None:
        node = state.add_condition(state.root, "city")
        state.set_operator(node, "=")
        node.value = "Pune"
        state.set_field(node, "country")
        assert node.value in ("", [])

    def test_order_conditions_have_the_fields_of_orders(self, state: EditorState) -> None:
        orders = state.root.children[2]
        assert isinstance(orders, ConditionNode)
        assert orders.where
        node = state.add_condition(orders.where, "status")
        found = state.field_of(node)
        assert found is not None
        assert "refunded" in found.values


class TestWhatIsMissing:
    def test_a_complete_rule_misses_nothing(self, state: EditorState) -> None:
        assert state.unfinished() == {}

    def test_new_conditions_ask_for_what_they_need(self, state: EditorState) -> None:
        fresh = state.add_condition(state.root)
        city = state.add_condition(state.root, "city")
        segment = state.add_condition(state.root, "segment")
        messages = {uid: problem.message for uid, problem in state.unfinished().items()}
        assert messages[fresh.uid] == "Choose what to look at"
        assert messages[segment.uid] == "Choose a segment"
        assert city.uid in messages

    @pytest.mark.parametrize(
        ("value", "shape", "complete"),
        [
            ("", Shape.TEXT, False),
            ("x", Shape.TEXT, True),
            ([], Shape.TEXTS, False),
            (0, Shape.NUMBER, True),
            ("12,5x", Shape.NUMBER, False),
            ([1, None], Shape.PAIR, False),
            ([1, 2], Shape.PAIR, True),
            ({"amount": 0, "unit": "day"}, Shape.SPAN, False),
            ({"amount": 0, "unit": "day", "direction": "ago"}, Shape.DAY, True),
            ("2026-02-30", Shape.DAY, False),
            ("2026-02-28", Shape.DAY, True),
            (None, Shape.NOTHING, True),
        ],
    )
    def test_missing(self, value: Any, shape: Shape, complete: bool) -> None:
        assert (missing(value, shape) is None) is complete

    def test_what_a_shape_starts_with_is_never_shared(self) -> None:
        blank(Shape.TEXTS).append("x")
        assert blank(Shape.TEXTS) == []

    def test_every_operator_has_a_shape(self) -> None:
        assert shape_of(FieldType.DATE, "notInLast") is Shape.SPAN
        assert shape_of(FieldType.MONEY, "between") is Shape.PAIR
        assert shape_of(FieldType.TAGS, "allOf") is Shape.TEXTS
        assert shape_of(FieldType.BOOLEAN, "=") is Shape.BOOLEAN

    def test_errors_stand_at_their_node(self, state: EditorState) -> None:
        state.mark([FieldError("rules[1].rules[0].value", "too many values")])
        group = state.root.children[1]
        assert isinstance(group, GroupNode)
        assert state.problems[group.children[0].uid].message == "too many values"


class TestTypedNumbers:
    @pytest.mark.parametrize(
        ("text", "locale", "value"),
        [
            ("1,000.50", "en_US", 1000.5),
            ("1.000,50", "de_DE", 1000.5),
            (" 42 ", "en_US", 42),
            ("ten", "en_US", "ten"),
            ("", "en_US", None),
            ("NaN", "en_US", "NaN"),
        ],
    )
    def test_it_reads_numbers_as_the_member_writes_them(self, text: str, locale: str, value: object) -> None:
        assert typed_number(text, locale) == value


class TestDirty:
    def test_a_fresh_state_has_nothing_to_save(self, state: EditorState) -> None:
        assert not state.dirty

    def test_every_kind_of_change_counts_and_undoing_it_counts_back(self, state: EditorState) -> None:
        node = state.add_condition(state.root, "email_opt_in")
        assert state.dirty
        state.remove(node)
        assert not state.dirty
        state.name = "Lapsed"
        assert state.dirty
