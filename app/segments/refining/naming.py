"""Which condition of a rule words name: "the city", "Pune", "the spending limit", "the 90 days"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from app.ai.alike import alike
from app.segments.catalogue import Catalogue
from app.segments.grammar import parse_words
from app.segments.grammar.fields import names_of
from app.segments.grammar.frames import duration
from app.segments.grammar.numbers import number
from app.segments.grammar.prompt import Prompt, Unclear
from app.segments.grammar.tokens import words_of
from app.segments.rule import parse_rule
from app.segments.sentence.terms import node_words
from models.values import fold

Json = dict[str, Any]

_ARTICLES = (
    "the",
    "that",
    "this",
    "their",
    "a",
    "an",
    "of",
    "about",
    "on",
    "who",
    "with",
    "being",
    "in",
    "from",
    "whose",
)
_KINDS = (
    "condition", "conditions", "part", "filter", "requirement", "limit", "bit", "rule", "any more", "anymore", "at all",
    "restriction", "thing", "threshold", "they have", "they are", "they live in", "is", "it is",
)  # fmt: skip
_ALSO = {
    "total_spent": ("amount", "spend", "spending", "money", "spent", "total", "revenue", "spending limit"),
    "order_count": ("orders", "order", "number", "count", "number of orders", "purchases", "how many orders"),
    "average_order_value": ("average", "average order"),
    "last_order_at": ("last order", "time", "days", "recency", "last purchase", "inactivity", "date"),
    "first_order_at": ("first order", "first purchase", "date", "time"),
    "signed_up_at": ("sign up", "signup", "sign up date", "joining date", "registration", "time", "date", "days"),
    "birthday": ("birthday", "birthdays", "time", "days"),
    "city": ("city", "cities", "place", "location", "town"),
    "country": ("country", "countries", "place", "location"),
    "region": ("region", "state", "place", "location"),
    "gender": ("gender", "sex"),
    "tags": ("tag", "tags", "label", "labels"),
    "email_opt_in": ("consent", "opt in", "email consent", "email"),
    "sms_opt_in": ("consent", "opt in", "sms consent", "sms"),
    "orders": ("orders", "order", "purchases", "purchase"),
    "campaign": ("campaign", "campaigns"),
    "segment": ("segment", "segments", "membership"),
}
"""What people call a condition besides its field's own names."""
_TIMES = (("time",), ("days",), ("window",), ("period",), ("date",), ("time", "frame"), ("time", "window"))


def conditions_of(tree: Json) -> list[Json]:
    """Every condition of a rule (JSON), depth first, without those inside `where`."""
    return [leaf for child in tree["rules"] for leaf in conditions_of(child)] if "rules" in tree else [tree]


def in_words(leaf: Json, catalogue: Catalogue) -> str:
    """A condition as a short clause, in quotation marks."""
    return f"“{node_words(parse_rule(leaf, catalogue).rules[0], catalogue)}”"


def one_of(found: Sequence[Json], prompt: Prompt, words: str) -> Json | None:
    """The only one; None for none. Raises Unclear that names them when there are several."""
    distinct = [leaf for n, leaf in enumerate(found) if all(leaf is not other for other in found[:n])]
    if len(distinct) > 1:
        listed = " or ".join(in_words(leaf, prompt.catalogue) for leaf in distinct[:4])
        raise Unclear(f"Which condition do you mean by “{words}”: {listed}?", [words])
    return distinct[0] if distinct else None


def named(prompt: Prompt, start: int, end: int, tree: Json) -> list[Json]:
    """The conditions of the rule that exactly these words name."""
    start, end = _bare(prompt, start, end)
    if start >= end:
        return []
    said = _said(prompt, start, end)
    exact = [leaf for leaf in conditions_of(tree) if said in _values_of(leaf, prompt)]
    if exact:
        return exact
    by_measure = [leaf for leaf in conditions_of(tree) if _has_figure(leaf, prompt, start, end)]
    if by_measure:
        return by_measure
    by_name = [leaf for leaf in conditions_of(tree) if said in set(_names(leaf, prompt.catalogue))]
    return by_name or _said_in_full(prompt, start, end, tree)


def one_value(leaf: Json, prompt: Prompt, start: int, end: int) -> str | None:
    """The one of several values of a condition that these words name; None when they mean the condition."""
    values = leaf.get("value")
    if not isinstance(values, list) or len(values) < 2 or leaf.get("operator") == "between":
        return None
    start, end = _bare(prompt, start, end)
    said = _said(prompt, start, end)
    for hit in prompt.names.at(prompt, start, [leaf["field"]]) if start < end else []:
        if hit.end == end:
            return next((str(value) for value in values if fold(str(value)) == fold(hit.value)), None)
    return next((str(value) for value in values if words_of(str(value)) == said), None)


def without_part(leaf: Json, prompt: Prompt, start: int, end: int) -> Json | None:
    """An orders condition without the time or the test of its orders that these words name; None when they name all."""
    start, end = _bare(prompt, start, end)
    said = _said(prompt, start, end)
    length = duration(prompt, start) if start < end else None
    window = leaf.get("window", {}).get("value")
    timed = (
        length is not None and length.end == end and isinstance(window, dict) and length.span.items() <= window.items()
    )
    if "window" in leaf and (timed or said in _TIMES):
        return {key: value for key, value in leaf.items() if key != "window"}
    tests = leaf.get("where", {}).get("rules", ())
    for test in tests:
        field = prompt.catalogue.order_fields.get(test.get("field", ""))
        names = {words_of(name) for name in ((field.label, field.name, *field.words) if field else ())}
        if said in names or ("rules" not in test and said in _values_of({**test, "field": ""}, prompt)):
            kept = [other for other in tests if other is not test]
            rest = {key: value for key, value in leaf.items() if key != "where"}
            return {**rest, "where": {**leaf["where"], "rules": kept}} if kept else rest
    return None


def _said(prompt: Prompt, start: int, end: int) -> tuple[str, ...]:
    return tuple(token.word + token.suffix.lower() for token in prompt.tokens[start:end])


def _bare(prompt: Prompt, start: int, end: int) -> tuple[int, int]:
    """The words without articles before and "condition" or the like after them."""
    while (after := prompt.skip(start, *_ARTICLES)) > start and after < end:
        start = after
    return start, _without_kinds(prompt, start, end)


def _without_kinds(prompt: Prompt, start: int, end: int) -> int:
    while True:
        for length in (3, 2, 1):
            if end - length > start and prompt.skip(end - length, *_KINDS) == end:
                end -= length
                break
        else:
            return end


def _names(leaf: Json, catalogue: Catalogue) -> Iterator[tuple[str, ...]]:
    field = catalogue.fields.get(leaf["field"])
    if field is not None:
        yield from (words_of(name) for name in names_of(field))
    yield from (words_of(name) for name in _ALSO.get(leaf["field"], ()))
    for test in leaf.get("where", {}).get("rules", ()):
        inner = catalogue.order_fields.get(test.get("field", ""))
        yield from (words_of(name) for name in ((inner.label, inner.name, *inner.words) if inner else ()))
    if "window" in leaf:
        yield from _TIMES


def _values_of(leaf: Json, prompt: Prompt) -> set[tuple[str, ...]]:
    catalogue = prompt.catalogue
    value = leaf.get("value")
    texts = [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]
    if leaf["field"] in ("campaign", "segment"):
        names = catalogue.campaigns if leaf["field"] == "campaign" else catalogue.segments
        texts = [names.get(text, text) for text in texts]
    for test in leaf.get("where", {}).get("rules", ()):
        inner = test.get("value")
        texts += [item for item in (inner if isinstance(inner, list) else [inner]) if isinstance(item, str)]
    own = {words_of(text) for text in texts}
    known = {fold(text) for text in texts}
    for at in range(len(prompt)):
        for hit in prompt.names.at(prompt, at, list(catalogue.fields) + [f"order.{f}" for f in catalogue.order_fields]):
            if fold(hit.value) in known:
                own.add(tuple(token.word + token.suffix.lower() for token in prompt.tokens[at : hit.end]))
    kinds = [word for word in _ALSO.get(leaf["field"], ()) if " " not in word]
    return (
        own | {(*words, kind) for words in own for kind in kinds} | {(kind, *words) for words in own for kind in kinds}
    )


def _has_figure(leaf: Json, prompt: Prompt, start: int, end: int) -> bool:
    """Whether the words are the number or the length of time that the condition has."""
    values = [leaf.get("value"), leaf.get("window", {}).get("value")]
    values += [test.get("value") for test in leaf.get("where", {}).get("rules", ())]
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    length = duration(prompt, start)
    if length is not None and length.end == end:
        return any(
            isinstance(item, dict) and item.get("amount") == length.amount and item.get("unit") == length.unit
            for item in flat
        )
    figure = number(prompt, start)
    if figure is None or figure.end != end:
        return False
    return any(
        isinstance(item, int | float | str) and not isinstance(item, bool) and _same(item, figure.value)
        for item in flat
    )


def _same(item: object, value: object) -> bool:
    try:
        return float(str(item)) == float(str(value))
    except ValueError:
        return False


def _said_in_full(prompt: Prompt, start: int, end: int, tree: Json) -> list[Json]:
    """The condition that the words say again as the grammar reads them: "remove spent over 10k"."""
    read = parse_words(prompt.span(start, end), prompt.catalogue, today=prompt.today)
    if read.outcome != "ok" or read.rule is None or not read.rule["rules"]:
        return []
    return [leaf for leaf in conditions_of(tree) if alike(leaf, read.rule, prompt.catalogue)]
