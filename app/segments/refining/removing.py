"""Taking a condition out: "remove the city", "without the spending limit", "in any city"."""

from __future__ import annotations

from app.ai.suggestion import Suggestion
from app.segments.grammar import parse_words
from app.segments.grammar.prompt import Prompt, replaced
from app.segments.refining.instruction import Instruction
from app.segments.refining.joining import joined_with
from app.segments.refining.naming import Json, conditions_of, in_words, named, one_of, one_value, without_part
from app.segments.refining.outcome import accepted, choice, declined
from app.segments.rule import rule_json
from app.segments.rule.nodes import Group


def removed(present: Group, prompt: Prompt, told: Instruction) -> Suggestion | None:
    """The rule without the condition the words name; None when they name none."""
    tree = rule_json(present)
    words = prompt.span(told.start, told.end)
    leaf = one_of(named(prompt, told.start, told.end, tree), prompt, words)
    return None if leaf is None else _without(tree, leaf, prompt, told)


def named_elsewhere(present: Group, prompt: Prompt, told: Instruction) -> Suggestion | None:
    """Take the city's condition out for "without the city"; where it could also describe people, that is offered too.

    None when the words name no condition of the rule, so that they can only describe people.
    """
    tree = rule_json(present)
    words = prompt.span(told.start, told.end)
    leaf = one_of(named(prompt, told.start, told.end, tree), prompt, words)
    if leaf is None:
        return None
    if leaf["field"] == "campaign" and prompt.word(told.start - 1) == "any":
        return accepted(tree, replaced(tree, leaf, {**leaf, "value": "any"}), prompt.catalogue)
    read = parse_words(f"without {words}", prompt.catalogue, today=prompt.today)
    other = joined_with(tree, read.rule, "and") if read.outcome == "ok" and read.rule is not None else None
    return _without(tree, leaf, prompt, told, other, choose=True)


def _without(
    tree: Json, leaf: Json, prompt: Prompt, told: Instruction, other: Json | None = None, *, choose: bool = False
) -> Suggestion:
    fewer = without_part(leaf, prompt, told.start, told.end)
    if fewer is not None:
        text = (
            f"“{prompt.span(told.start, told.end)}” is taken out of the condition {in_words(leaf, prompt.catalogue)}."
        )
        narrower = [choice("condition_removed", text, other, prompt.catalogue)] if choose else []
        return accepted(tree, replaced(tree, leaf, fewer), prompt.catalogue, narrower)
    value = one_value(leaf, prompt, told.start, told.end)
    if value is not None:
        fewer = {**leaf, "value": [item for item in leaf["value"] if item != value]}
        return accepted(tree, replaced(tree, leaf, fewer), prompt.catalogue)
    if len(conditions_of(tree)) == 1:
        return declined(
            f"{in_words(leaf, prompt.catalogue)} is the only condition. Without it everyone would be in; "
            "who should be in instead?"
        )
    text = f"The condition {in_words(leaf, prompt.catalogue)} is taken out."
    assumption = choice("condition_removed", text, other, prompt.catalogue)
    return accepted(tree, pruned(tree, leaf), prompt.catalogue, [assumption] if choose else [])


def pruned(tree: Json, leaf: Json) -> Json:
    """The tree without one condition, found by identity, and without groups that are empty then."""
    rules = []
    for rule in tree["rules"]:
        if rule is leaf:
            continue
        kept = pruned(rule, leaf) if "rules" in rule else rule
        if "rules" not in kept or kept["rules"]:
            rules.append(kept)
    return {**tree, "rules": rules}
