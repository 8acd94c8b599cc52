"""Rearranging the rule: moving, wrapping, duplicating, and undoing all of it. No user interface and no database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.segments.catalogue import bare_catalogue
from app.segments.rule.nodes import MAX_CONDITIONS
from models.segment import RuleSource
from pages.segment_editor.state import EditorState
from pages.segment_editor.structure import RuleTree
from pages.segment_editor.tree import ConditionNode, GroupNode, Mode, Node, node_json, read_group
from pages.segment_editor.undo import DEPTH, Changes


def is_(field: str, value: str = "x") -> dict[str, Any]:
    return {"field": field, "operator": "=", "value": value}


RULE: dict[str, Any] = {
    "combinator": "and",
    "rules": [
        is_("city"),
        {"combinator": "or", "rules": [is_("country"), is_("region")]},
        is_("gender"),
        {
            "field": "orders",
            "measure": "count",
            "operator": ">=",
            "value": 1,
            "where": {"combinator": "and", "rules": [is_("category"), is_("product")]},
        },
    ],
}


@pytest.fixture
def state() -> EditorState:
    return EditorState(catalogue=bare_catalogue(), root=read_group(RULE))


def shape(node: Node) -> Any:
    """The fields of a tree as nested lists."""
    return [shape(child) for child in node.children] if isinstance(node, GroupNode) else node.field


def named(tree: RuleTree, field: str) -> ConditionNode:
    def below(node: Node) -> ConditionNode | None:
        if isinstance(node, ConditionNode):
            inside = below(node.where) if node.where else None
            return node if node.field == field else inside
        return next((found for child in node.children if (found := below(child))), None)

    found = below(tree.root)
    assert found is not None
    return found


class TestStep:
    def test_a_condition_walks_through_a_group_line_by_line(self, state: EditorState) -> None:
        city, seen = named(state, "city"), []
        while state.step(city, 1):
            seen.append(shape(state.root))
        assert seen == [
            [["city", "country", "region"], "gender", "orders"],
            [["country", "city", "region"], "gender", "orders"],
            [["country", "region", "city"], "gender", "orders"],
            [["country", "region"], "city", "gender", "orders"],
            [["country", "region"], "gender", "city", "orders"],
            [["country", "region"], "gender", "orders", "city"],
        ]

    def test_and_the_same_way_back(self, state: EditorState) -> None:
        city = named(state, "city")
        steps = 0
        while state.step(city, 1):
            steps += 1
        for _ in range(steps):
            assert state.step(city, -1)
        assert state.rule() == RULE
        assert not state.step(city, -1)

    def test_a_group_moves_past_its_neighbours(self, state: EditorState) -> None:
        group = state.root.children[1]
        assert state.step(group, 1)
        assert shape(state.root) == ["city", "gender", ["country", "region"], "orders"]

    def test_conditions_on_orders_stay_with_their_orders(self, state: EditorState) -> None:
        category = named(state, "category")
        assert not state.step(category, -1)
        assert state.step(category, 1)
        assert not state.step(category, 1)

    def test_the_last_condition_to_leave_a_group_takes_it_along(self, state: EditorState) -> None:
        state.step(named(state, "region"), 1)
        state.step(named(state, "country"), 1)
        assert shape(state.root) == ["city", "country", "region", "gender", "orders"]


class TestMove:
    def test_to_a_place_further_down_counts_the_place_as_it_was(self, state: EditorState) -> None:
        assert state.move(named(state, "city"), state.root, 3)
        assert shape(state.root) == [["country", "region"], "gender", "city", "orders"]

    def test_to_where_it_is_changes_nothing(self, state: EditorState) -> None:
        city = named(state, "city")
        assert not state.move(city, state.root, 0)
        assert not state.move(city, state.root, 1)

    def test_never_into_itself_nor_between_people_and_orders(self, state: EditorState) -> None:
        group = state.root.children[1]
        assert isinstance(group, GroupNode)
        inner = state.add_group(group)
        assert not state.move(group, inner, 0)
        where = named(state, "orders").where
        assert where is not None
        assert not state.move(named(state, "city"), where, 0)
        assert not state.move(named(state, "category"), state.root, 0)

    def test_never_deeper_than_rules_may_be(self, state: EditorState) -> None:
        deep, group = state.root, state.root.children[1]
        while state.may_nest(deep):
            deep = state.add_group(deep)
        assert not state.move(group, deep, 0)
        assert state.move(named(state, "city"), deep, 0)

    def test_the_menu_names_the_ways_in_and_out(self, state: EditorState) -> None:
        assert [place.words for place in state.places(named(state, "city"))] == ["Move into the group below"]
        assert [place.words for place in state.places(named(state, "country"))] == ["Move out of the group"]
        place = state.places(named(state, "gender"))[0]
        assert state.move(named(state, "gender"), place.group, place.index)
        assert shape(state.root) == ["city", ["country", "region", "gender"], "orders"]


class TestWrap:
    def test_wrapping_joins_the_other_way_and_ungrouping_undoes_it(self, state: EditorState) -> None:
        outer = state.wrap(named(state, "city"))
        assert outer is not None
        assert outer.mode is Mode.ANY
        assert shape(state.root) == [["city"], ["country", "region"], "gender", "orders"]
        state.ungroup(outer)
        assert state.rule() == RULE

    def test_not_deeper_than_rules_may_be(self, state: EditorState) -> None:
        node: Node | None = named(state, "city")
        wrapped = 0
        while node is not None and (node := state.wrap(node)) is not None:
            wrapped += 1
        assert wrapped == 4


class TestDuplicate:
    def test_not_beyond_the_limit_of_conditions(self, state: EditorState) -> None:
        group = state.root.children[1]
        while state.duplicate(group) is not None:
            pass
        assert MAX_CONDITIONS - 1 <= state.conditions() <= MAX_CONDITIONS

    def test_an_order_condition_brings_its_orders(self, state: EditorState) -> None:
        twin = state.duplicate(named(state, "orders"))
        assert twin is not None
        assert node_json(twin) == RULE["rules"][3]


class TestPaths:
    def test_they_are_those_of_errors_and_counts(self, state: EditorState) -> None:
        paths = state.paths()
        assert paths[""] is state.root
        assert paths["rules[1].rules[0]"] is named(state, "country")
        assert paths["rules[3]"] is named(state, "orders")


Edit = Callable[[EditorState], object]
EDITS: dict[str, Edit] = {
    "remove": lambda s: s.remove(named(s, "city")),
    "remove a group": lambda s: s.remove(s.root.children[1]),
    "remove an order's condition": lambda s: s.remove(named(s, "category")),
    "duplicate": lambda s: s.duplicate(s.root.children[1]),
    "negate": lambda s: s.negate(named(s, "city")),
    "negate a group": lambda s: s.negate(s.root.children[1]),
    "move": lambda s: s.step(named(s, "city"), 1),
    "wrap": lambda s: s.wrap(named(s, "region")),
    "ungroup": lambda s: s.ungroup(s.root.children[1]),  # type: ignore[arg-type]  # it is a group
    "add": lambda s: s.add_condition(s.root, "total_spent"),
    "another field": lambda s: s.set_field(named(s, "city"), "birthday"),
    "another operator": lambda s: s.set_operator(named(s, "city"), "in"),
    "plain words": lambda s: s.load(
        {"combinator": "or", "rules": [is_("email")]}, source=RuleSource.GEMINI, prompt="p"
    ),
    "name": lambda s: setattr(s, "name", "Another"),
}


class TestUndo:
    @pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
    def test_every_change_goes_back_and_comes_again(self, state: EditorState, edit: Edit) -> None:
        changes = Changes(state)
        before = (state.rule(), state.name, state.source, state.prompt)
        edit(state)
        changes.noted()
        after = (state.rule(), state.name, state.source, state.prompt)
        assert after != before
        assert changes.undo()
        assert (state.rule(), state.name, state.source, state.prompt) == before
        assert not changes.can_undo
        assert changes.redo()
        assert (state.rule(), state.name, state.source, state.prompt) == after

    def test_all_of_them_in_a_row(self, state: EditorState) -> None:
        changes, seen = Changes(state), [state.rule()]
        for name in (
            "remove an order's condition",
            "negate",
            "move",
            "another operator",
            "duplicate",
            "add",
            "plain words",
        ):
            EDITS[name](state)
            changes.noted()
            seen.append(state.rule())
        for expected in reversed(seen[:-1]):
            changes.undo()
            assert state.rule() == expected
        for expected in seen[1:]:
            changes.redo()
            assert state.rule() == expected

    def test_a_restored_node_is_the_one_it_was(self, state: EditorState) -> None:
        changes, city = Changes(state), named(state, "city")
        state.remove(city)
        changes.noted()
        changes.undo()
        assert state.root.children[0] is city

    def test_typing_is_one_step(self, state: EditorState) -> None:
        changes, city = Changes(state), named(state, "city")
        for word in ("P", "Pu", "Pune"):
            city.value = word
            changes.noted((city.uid, "value"))
        changes.undo()
        assert city.value == "x"
        assert not changes.can_undo

    def test_two_values_are_two_steps(self, state: EditorState) -> None:
        changes = Changes(state)
        for field in ("city", "gender"):
            node = named(state, field)
            node.value = "y"
            changes.noted((node.uid, "value"))
        changes.undo()
        assert (named(state, "city").value, named(state, "gender").value) == ("y", "x")

    def test_a_new_change_ends_what_could_be_done_again(self, state: EditorState) -> None:
        changes = Changes(state)
        state.remove(named(state, "city"))
        changes.noted()
        changes.undo()
        state.remove(named(state, "gender"))
        changes.noted()
        assert not changes.redo()
        assert shape(state.root) == ["city", ["country", "region"], "orders"]

    def test_back_to_a_mark(self, state: EditorState) -> None:
        changes = Changes(state)
        mark = changes.position
        for field in ("city", "gender", "country"):
            state.remove(named(state, field))
            changes.noted()
        changes.back_to(mark)
        assert state.rule() == RULE

    def test_it_goes_back_far_but_not_for_ever(self, state: EditorState) -> None:
        changes = Changes(state)
        for n in range(DEPTH + 10):
            state.name = str(n)
            changes.noted()
        steps = 0
        while changes.undo():
            steps += 1
        assert steps == DEPTH


class TestLoading:
    def test_conditions_that_stay_keep_their_identity(self, state: EditorState) -> None:
        city, root = named(state, "city"), state.root
        state.load({"combinator": "and", "rules": [is_("email"), is_("city")]}, source=RuleSource.GRAMMAR, prompt="p")
        assert state.root is root
        assert named(state, "city") is city
