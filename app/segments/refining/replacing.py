"""Putting another value into a condition: "make it 5,000", "but last 60 days", "Delhi instead of Pune"."""

from __future__ import annotations

from app.ai.suggestion import Suggestion
from app.segments.grammar import parse_words
from app.segments.grammar.prompt import Prompt, Unclear, replaced
from app.segments.refining.fitting import fits, new_value, with_value
from app.segments.refining.instruction import Instruction
from app.segments.refining.naming import Json, conditions_of, in_words, named, one_of, one_value
from app.segments.refining.outcome import accepted, declined
from app.segments.rule import rule_json
from app.segments.rule.nodes import Group

_LINKS = ("to", "be", "is", "at", "to be")


def replaced_by(present: Group, prompt: Prompt, told: Instruction) -> Suggestion:
    """ "Make it B" and "make the X B": B takes the place of the one value it can only mean."""
    tree = rule_json(present)
    if told.named is not None:
        found = _named_then_value(tree, prompt, told)
        if found is not None:
            return found
    return _put(tree, conditions_of(tree), prompt, told.start, told.end) or _whole(tree, prompt, told.start, told.end)


def substituted(present: Group, prompt: Prompt, told: Instruction) -> Suggestion:
    """ "B instead of A": only the condition that has A is changed."""
    assert told.from_ is not None
    assert told.to is not None
    tree = rule_json(present)
    old = prompt.span(*told.from_)
    leaves = named(prompt, *told.from_, tree)
    if not leaves:
        return declined(f"The rule has no condition “{old}”. Which one should change?", [old])
    return _put(tree, leaves, prompt, *told.to, old=told.from_) or _whole(tree, prompt, *told.to, only=leaves)


def bare_replaced(present: Group, prompt: Prompt, told: Instruction) -> Suggestion | None:
    """ "But last 60 days", "5,000": a value that is no description by itself. None where the words describe people."""
    tree = rule_json(present)
    words = prompt.span(told.start, told.end)
    if told.excludes or parse_words(words, prompt.catalogue, today=prompt.today).outcome == "ok":
        return None
    return _put(tree, conditions_of(tree), prompt, told.start, told.end)


def _named_then_value(tree: Json, prompt: Prompt, told: Instruction) -> Suggestion | None:
    """The longest beginning that names a condition, then its new value."""
    assert told.named is not None
    start, end = told.named
    for middle in range(end - 1, start, -1):
        leaves = named(prompt, start, middle, tree)
        value = prompt.skip(middle, *_LINKS)
        if leaves and value < end:
            return _put(tree, leaves, prompt, value, end)
    return None


def _put(
    tree: Json, leaves: list[Json], prompt: Prompt, start: int, end: int, *, old: tuple[int, int] | None = None
) -> Suggestion | None:
    """The rule with the new value in the only condition it fits; None when the words are no value."""
    value = new_value(prompt, start, end)
    if value is None:
        return None
    words = prompt.span(start, end)
    leaf = one_of([leaf for leaf in leaves if fits(leaf, value, prompt.catalogue)], prompt, words)
    if leaf is None:
        listed = " and ".join(in_words(leaf, prompt.catalogue) for leaf in leaves[:3])
        return declined(f"“{words}” fits no condition here; there is {listed}. What should change?", [words])
    was = (one_value(leaf, prompt, *old) or "") if old else ""
    return accepted(tree, replaced(tree, leaf, with_value(leaf, value, prompt, was)), prompt.catalogue)


def _whole(tree: Json, prompt: Prompt, start: int, end: int, *, only: list[Json] | None = None) -> Suggestion:
    """A condition said in full takes the place of the one on the same thing, or of those in `only`."""
    words = prompt.span(start, end)
    read = parse_words(words, prompt.catalogue, today=prompt.today)
    if read.outcome != "ok" or read.rule is None:
        return read if read.outcome != "ok" and read.question else declined(f"I did not understand “{words}”.", [words])
    new = conditions_of(read.rule)
    if len(read.rule["rules"]) != 1 or len(new) != 1:
        raise Unclear(f"What should “{words}” replace? Change one condition at a time.", [words])
    candidates = (
        only if only is not None else [leaf for leaf in conditions_of(tree) if leaf["field"] == new[0]["field"]]
    )
    leaf = one_of(candidates, prompt, words)
    if leaf is None:
        return declined(f"The rule has nothing that “{words}” could replace. Say “also {words}” to add it.", [words])
    return accepted(tree, replaced(tree, leaf, read.rule["rules"][0]), prompt.catalogue, read.assumptions[:0])
