"""Adding people or conditions to a rule: "also only in Pune", "or in Delhi", "but not employees"."""

from __future__ import annotations

from typing import Any, Literal

from app.ai.suggestion import Assumption, Suggestion
from app.segments.grammar import parse_words
from app.segments.grammar.prompt import Prompt, Unclear, deny, group, replaced
from app.segments.refining.apart import apart
from app.segments.refining.instruction import Instruction
from app.segments.refining.naming import Json, conditions_of, in_words
from app.segments.refining.outcome import Refused, accepted, choice, declined
from app.segments.rule import rule_json
from app.segments.rule.nodes import Group
from models.values import fold

_EQUAL = ("=", "in")
_TO_ALL = "What you added applies to everyone in the rule."


def opposite(present: Group, prompt: Prompt) -> Suggestion:
    """Exactly everybody else."""
    tree = rule_json(present)
    return accepted(tree, deny(tree), prompt.catalogue)


def added(present: Group, prompt: Prompt, told: Instruction) -> Suggestion:
    """Who is in the rule and fits the words too."""
    tree, read = rule_json(present), _read(prompt, told)
    _check_contradiction(tree, read.rule or {}, prompt)
    assumptions = _carried(read, lambda other: joined_with(tree, other, "and"), prompt)
    if tree["combinator"] == "or" and len(tree["rules"]) > 1 and not tree.get("not"):
        last = tree["rules"][-1]
        other = replaced(tree, last, joined_with(_grouped(last), read.rule or {}, "and"))
        assumptions.append(choice("applies_to_all", _TO_ALL, other, prompt.catalogue))
    return accepted(tree, joined_with(tree, read.rule or {}, "and"), prompt.catalogue, assumptions)


def fresh(present: Group, prompt: Prompt, told: Instruction) -> Suggestion:
    """A plain description narrows the rule that is there; the description alone is the other choice."""
    narrowed = added(present, prompt, told)
    if narrowed.rule is None:
        return narrowed
    tree, part = rule_json(present), _read(prompt, told).rule or {}
    new = conditions_of(part)
    same = [leaf for leaf in conditions_of(tree) if len(new) == 1 and leaf["field"] == new[0]["field"]]
    other = replaced(tree, same[0], new[0]) if len(same) == 1 and not part.get("not") else part
    assumption = choice(
        "added_to_rule", "What you said is added to the rule and replaces nothing in it.", other, prompt.catalogue
    )
    return Suggestion(
        outcome="ok",
        source="grammar",
        rule=narrowed.rule,
        sentence=narrowed.sentence,
        assumptions=(assumption, *narrowed.assumptions),
    )


def excluded(present: Group, prompt: Prompt, told: Instruction) -> Suggestion:
    """ "Remove employees", where the rule has no such condition: those people are left out."""
    words = prompt.span(told.start, told.end)
    read = parse_words(f"everyone except {words}", prompt.catalogue, today=prompt.today)
    if read.outcome != "ok" or read.rule is None:
        raise Refused(
            declined(f"The rule has no condition “{words}”. Which one should go?", read.unsupported or (words,))
        )
    tree = rule_json(present)
    rule = joined_with(tree, read.rule, "and")
    assumption = choice(
        "people_left_out", f"“{words}” are people to leave out; the rule has no such condition.", None, prompt.catalogue
    )
    return accepted(tree, rule, prompt.catalogue, [assumption])


def widened(present: Group, prompt: Prompt, told: Instruction) -> Suggestion:
    """Who is in the rule, and who fits the words instead."""
    tree, read = rule_json(present), _read(prompt, told)
    part = read.rule or {}
    whole = joined_with(tree, part, "or")
    assumptions = _carried(read, lambda other: joined_with(tree, other, "or"), prompt)
    more = part["rules"][0] if len(part["rules"]) == 1 and "rules" not in part["rules"][0] else None
    same = [leaf for leaf in conditions_of(tree) if more is not None and _same_choice(leaf, more)]
    if more is not None and len(same) == 1:
        merged = replaced(tree, same[0], _merged(same[0], more))
        text = f"{in_words(more, prompt.catalogue)} is another choice beside {in_words(same[0], prompt.catalogue)}."
        assumptions.append(choice("one_of_several", text, whole, prompt.catalogue))
        return accepted(tree, merged, prompt.catalogue, assumptions)
    if tree["combinator"] == "and" and len(tree["rules"]) > 1:
        last = tree["rules"][-1]
        other = replaced(tree, last, joined_with(_grouped(last), part, "or"))
        text = "Who fits what you added is in, whether or not the other conditions hold."
        assumptions.append(choice("or_applies_to_all", text, other, prompt.catalogue))
    return accepted(tree, whole, prompt.catalogue, assumptions)


def joined_with(tree: Json, part: Json, combinator: Literal["and", "or"]) -> Json:
    """Two rules as one; single conditions and groups of the same kind are not nested, nothing is said twice."""
    joined = _grouped(group(combinator, [_single(tree), _single(part)]))
    rules: list[Json] = []
    for rule in joined["rules"]:
        if rule not in rules:
            rules.append(rule)
    return {**joined, "rules": rules}


def _read(prompt: Prompt, told: Instruction) -> Suggestion:
    """What the words say of people, as the grammar reads them. Raises Refused with its question."""
    words = prompt.span(told.start, told.end)
    tries = [words, f"{told.lead} {words}"]
    if told.excludes or told.kind == "without":
        tries = [f"everyone except {words}" if told.excludes else f"without {words}"]
    readings = [parse_words(text, prompt.catalogue, today=prompt.today) for text in tries if text.strip()]
    for read in readings:
        if read.outcome == "ok" and read.rule is not None and read.rule["rules"]:
            return read
    first = readings[0] if readings else None
    if first is None or first.outcome == "ok":
        raise Refused(declined("What should change? Say it like “also in Pune” or “make it 5,000”."))
    raise Refused(first)


def _carried(read: Suggestion, join: Any, prompt: Prompt) -> list[Assumption]:
    """The grammar's assumptions about the words, their alternatives joined as the words are."""
    return [
        choice(item.code, item.text, join(item.alternative) if item.alternative else None, prompt.catalogue)
        for item in read.assumptions
    ]


def _check_contradiction(tree: Json, part: Json, prompt: Prompt) -> None:
    """Nobody lives in two cities: raise Unclear where the words and the rule exclude each other."""
    if tree.get("not") or tree["combinator"] != "and" or part["combinator"] != "and" or part.get("not"):
        return
    for new in part["rules"]:
        for old in tree["rules"]:
            if "rules" in new or "rules" in old:
                continue
            if _excludes(old, new):
                one, other = in_words(old, prompt.catalogue), in_words(new, prompt.catalogue)
                words = prompt.text.strip() if apart(old, new) else ", ".join(map(str, _choices(new)))
                raise Unclear(
                    f"The rule says {one}, so nobody in it could also fit {other}. "
                    f"Say “{words} instead” or “or {words}”.",
                    [words],
                )


def _excludes(old: Json, new: Json) -> bool:
    """Whether no customer can meet both: two cities, a city and not that city, or limits that leave nothing."""
    if apart(old, new):
        return True
    denied = {"!=": "=", "notIn": "in"}.get(str(new.get("operator")))
    plain = {**new, "operator": denied} if denied else new
    if not _same_choice(old, plain):
        return False
    one, other = ({fold(str(item)) for item in _choices(leaf)} for leaf in (old, new))
    return one <= other if denied else not one & other


def _same_choice(one: Json, other: Json) -> bool:
    """Whether both conditions name values that one field of a customer may have."""
    fields = one["field"] == other["field"] and one["field"] not in ("orders", "campaign", "segment", "tags")
    plain = one.get("operator") in _EQUAL and other.get("operator") in _EQUAL
    texts = all(isinstance(item, str) for leaf in (one, other) for item in _choices(leaf))
    return fields and plain and texts and not one.get("not") and not other.get("not")


def _choices(leaf: Json) -> list[Any]:
    value = leaf["value"]
    return list(value) if isinstance(value, list) else [value]


def _merged(one: Json, other: Json) -> Json:
    values = list(dict.fromkeys([*_choices(one), *_choices(other)]))
    return {"field": one["field"], "operator": "in", "value": values}


def _single(tree: Json) -> Json:
    plain = "rules" in tree and len(tree["rules"]) == 1 and not tree.get("not")
    inner: Json = tree["rules"][0] if plain else tree
    return inner


def _grouped(node: Json) -> Json:
    return node if "rules" in node else {"combinator": "and", "rules": [node]}
