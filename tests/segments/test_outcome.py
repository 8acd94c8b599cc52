"""Which conditions decide: proofs are proofs, changes bring about the other outcome, and none is longer than needed."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.segments.explain.outcome import at, flips, reason, truths
from app.segments.rule.nodes import Condition, Group, Node
from tests.segments.test_rule_properties import steady

LEAVES = st.builds(Condition, field=st.just("city"), operator=st.just("null"), negated=st.booleans())


def trees(depth: int = 3) -> st.SearchStrategy[Group]:
    inner = LEAVES if depth == 1 else st.one_of(LEAVES, LEAVES, trees(depth - 1))
    return st.builds(
        Group,
        rules=st.lists(inner, min_size=1, max_size=3).map(tuple),
        combinator=st.sampled_from(["and", "or"]),
        negated=st.booleans(),
    )


def paths(node: Node, path: str = "") -> list[str]:
    if not isinstance(node, Group):
        return [path]
    return [found for index, rule in enumerate(node.rules) for found in paths(rule, at(path, index))]


def holds(node: Node, truth: dict[str, bool], path: str = "") -> bool:
    """The outcome when the leaves turn out as `truth` says, their own negation included."""
    if not isinstance(node, Group):
        return truth[path]
    parts = [holds(rule, truth, at(path, index)) for index, rule in enumerate(node.rules)]
    return (all(parts) if node.combinator == "and" else any(parts)) != node.negated


def truth_of(rule: Group, leaf_truth: dict[str, bool]) -> dict[str, bool]:
    found = dict(leaf_truth)

    def walk(node: Node, path: str) -> None:
        found[path] = holds(node, leaf_truth, path)
        if isinstance(node, Group):
            for index, inner in enumerate(node.rules):
                walk(inner, at(path, index))

    walk(rule, "")
    return found


small = trees().filter(lambda rule: len(paths(rule)) <= 7)


@settings(steady, max_examples=300)
@given(small, st.data())
def test_a_reason_is_a_proof_and_the_shortest_along_the_tree(rule: Group, data: Any) -> None:
    every = paths(rule)
    leaf_truth = {path: data.draw(st.booleans()) for path in every}
    truth = truth_of(rule, leaf_truth)
    proof = reason(rule, truth)
    others = [path for path in every if path not in proof]
    for turned in product([False, True], repeat=len(others)):
        assert holds(rule, {**leaf_truth, **dict(zip(others, turned, strict=True))}) == truth[""]
    for path in proof:
        fewer = [kept for kept in every if kept == path or kept not in proof]
        assert any(
            holds(rule, {**leaf_truth, **dict(zip(fewer, turned, strict=True))}) != truth[""]
            for turned in product([False, True], repeat=len(fewer))
        )


@settings(steady, max_examples=300)
@given(small, st.data())
def test_flips_bring_about_the_other_outcome_with_the_fewest_changes(rule: Group, data: Any) -> None:
    every = paths(rule)
    leaf_truth = {path: data.draw(st.booleans()) for path in every}
    truth = truth_of(rule, leaf_truth)
    wanted = not truth[""]
    turned = flips(rule, truth, wanted=wanted)
    assert turned is not None
    assert holds(rule, {**leaf_truth, **{path: not leaf_truth[path] for path in turned}}) == wanted
    for size in range(len(turned)):
        for fewer in combinations(every, size):
            assert holds(rule, {**leaf_truth, **{path: not leaf_truth[path] for path in fewer}}) != wanted
    assert flips(rule, truth, wanted=truth[""]) == ()


def test_everybody_and_nobody() -> None:
    everybody, nobody = Group(), Group(rules=(Group(),), negated=True)
    assert truths(everybody, lambda node: True) == {"": True}
    assert reason(everybody, {"": True}) == ()
    assert flips(everybody, {"": True}, wanted=False) is None
    assert flips(nobody, {"": False, "rules[0]": True}) is None
