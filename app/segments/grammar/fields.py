"""Any field of the catalogue by its name: "shoe size over 8", "name starts with A", "city is not set"."""

from __future__ import annotations

from collections.abc import Iterator

from app.segments.catalogue import Field, FieldType
from app.segments.grammar.comparison import comparison
from app.segments.grammar.frames import time_frame
from app.segments.grammar.names import listing
from app.segments.grammar.numbers import amount, count, currency_remark
from app.segments.grammar.prompt import Found, Lead, Prompt, Unclear, leaf

_NOT_NAMES = {
    "live in", "based in", "from", "came from", "acquired through", "called", "named", "older than", "younger than",
    "years old", "spent", "spend", "orders", "purchases", "times ordered", "revenue", "average order", "worth",
}  # fmt: skip
"""Synonyms that are verbs or mean several things; the other readers know when they mean the field."""
_MORE_NAMES = {"postal_code": ("pincode", "pin"), "email": ("e mail",), "name": ("their name",)}
_TEXT = {
    "contains": ("contains", "contain", "containing", "includes", "include", "including"),
    "doesNotContain": ("does not contain", "do not contain", "not containing", "does not include", "not including"),
    "beginsWith": ("starts with", "start with", "starting with", "begins with", "begin with", "beginning with"),
    "endsWith": ("ends with", "end with", "ending with", "ends in", "ending in", "end in"),
    "!=": (
        "is not", "are not", "!=", "is not in", "not in", "not", "is not one of", "is neither", "<>", "other than",
        "is other than", "is not equal to", "does not equal",
    ),
    "=": (
        "is", "are", "=", ":", "in", "equals", "is in", "is one of", "of", "equal to", "is equal to", "is either",
        "= =",
    ),
}  # fmt: skip
_OPERATORS = {phrase: operator for operator, phrases in _TEXT.items() for phrase in phrases}
_ABSENT = ("is missing", "is empty", "is not set", "is blank", "is not known", "not set", "missing", "is unset")
_PRESENT = (
    "is set",
    "is known",
    "is present",
    "exists",
    "is not empty",
    "is not missing",
    "is filled in",
    "is not blank",
)
_IS = ("is", "=", "of", ":", "was", "are", "is of")
_NO_VALUES = ["the", "a", "an", "not", "in", "like", "any", "no", "it", "or", "and"]
_ENDS = ("", ",", ")", "]", ".", "and", "or", "but", "who", "?", "!", ";")


def fields(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """A condition on the field whose name, label or synonym stands here."""
    start = prompt.skip(at, "a", "an", "the", "their")
    for field in prompt.catalogue.fields.values():
        after = max(
            (end for name in names_of(field) if (end := prompt.spelled(start, name)) is not None), default=start
        )
        if after > start and lead.negation in ("", "not", "except"):
            presence = [*_presence(prompt, field, after, lead)]
            yield from presence or _by_type(prompt, field, after, lead)
        elif after > start and lead.negation in ("no", "without") and field.group == "Custom":
            yield Found(node=leaf(field.name, "null"), end=after, kind="field", negated=True)


def names_of(field: Field) -> Iterator[str]:
    """What people may call a field."""
    yield field.name
    if field.name.startswith("attributes."):
        yield field.name.removeprefix("attributes.")
        yield field.name.removeprefix("attributes.").replace("_", " ")
    else:
        yield field.name.replace("_", " ")
    yield field.label
    if field.group == "Custom" or field.type not in (FieldType.DATE, FieldType.BOOLEAN, FieldType.TAGS):
        yield from (word for word in field.words if word.casefold() not in _NOT_NAMES)
        yield from _MORE_NAMES.get(field.name, ())


def _by_type(prompt: Prompt, field: Field, at: int, lead: Lead) -> Iterator[Found]:
    if field.type in (FieldType.TEXT, FieldType.ENUM):
        yield from _text(prompt, field, at, lead)
    elif field.type in (FieldType.NUMBER, FieldType.MONEY):
        yield from _number(prompt, field, at, lead)
    elif field.type is FieldType.BOOLEAN:
        yield from _boolean(prompt, field, at, lead)
    elif field.type is FieldType.DATE and field.group == "Custom":
        frame = time_frame(prompt, prompt.skip(at, "is", "was", "falls"), future=True)
        if frame is not None and not lead.negated:
            node = leaf(field.name, frame.operator, frame.value)
            yield Found(node=node, end=frame.end, kind="field", remarks=frame.remarks, timed=True)
    elif field.type is FieldType.TAGS and field.group == "Custom":
        start = prompt.skip(at, "includes", "include", "contains", "contain", "is", "are", "has", "have")
        for found in listing(prompt, start, [field.name]):
            if not lead.negated and start > at and found.joint in ("", "or"):
                yield Found(node=leaf(field.name, "anyOf", list(found.values)), end=found.end, kind="field")


def _presence(prompt: Prompt, field: Field, at: int, lead: Lead) -> Iterator[Found]:
    absent, present = prompt.skip(at, *_ABSENT), prompt.skip(at, *_PRESENT)
    if max(absent, present) == at or field.type is FieldType.BOOLEAN or field.name in ("order_count", "total_spent"):
        return
    if lead.negated:
        raise Unclear(
            "Two negations in one condition: who should be in?", [prompt.span(lead.end, max(absent, present))]
        )
    operator, end = ("null", absent) if absent > present else ("notNull", present)
    yield Found(node=leaf(field.name, operator), end=end, kind="field", negated=operator == "null")


def _text(prompt: Prompt, field: Field, at: int, lead: Lead) -> Iterator[Found]:
    known = prompt.lookup(at, _OPERATORS)
    if known is None:
        return
    operator, start = known
    denied = lead.negated
    if denied and operator != "=":
        raise Unclear("Two negations in one condition: who should be in?", [prompt.span(at, start)])
    operator = "!=" if denied else operator
    if operator in ("=", "!="):
        for found in listing(prompt, start, [field.name], again=("in", "is")):
            if found.joint in ("both", "nor"):
                raise Unclear(f"A customer has one {field.label.lower()} at a time. Which ones do you mean?")
            value: object = found.values[0] if len(found.values) == 1 else list(found.values)
            name = operator if len(found.values) == 1 else {"=": "in", "!=": "notIn"}[operator]
            yield Found(node=leaf(field.name, name, value), end=found.end, kind="field", remarks=found.remarks,
                        negated=operator == "!=")  # fmt: skip
        if field.values:
            return
    text = free_text(prompt, start, part=operator not in ("=", "!="))
    if text is not None and field.type is FieldType.TEXT:
        negated = operator in ("!=", "doesNotContain")
        yield Found(node=leaf(field.name, operator, text), end=start + 1, kind="field", negated=negated)


def free_text(prompt: Prompt, at: int, *, part: bool) -> str | None:
    """A value in the prompt's own words: in quotes, or one word with nothing but an end or a joint after it.

    `part` of a text may be any letters, even those of an article.
    """
    token = prompt.token(at)
    if token is None or not token.text:
        return None
    if token.kind == "quoted":
        return token.text
    if prompt.word(at + 1) not in _ENDS or token.kind not in ("word", "raw", "number"):
        return None
    unsure = token.kind == "word" and token.word in _NO_VALUES and not (part and token.word in ("a", "an"))
    return None if unsure else token.text


def _number(prompt: Prompt, field: Field, at: int, lead: Lead) -> Iterator[Found]:
    money = field.type is FieldType.MONEY
    start = prompt.skip(at, *_IS)
    test = comparison(prompt, start, amount if money else count)
    if test is None or (field.name == "order_count" and not test.whole):
        return
    if lead.negated:
        raise Unclear(f"Should people without {field.label.lower()} be in?", [prompt.span(lead.end, test.end)])
    node = test.node(lambda operator, value: leaf(field.name, operator, value))
    remarks = currency_remark(prompt, *test.numbers) if money else ()
    end = prompt.skip(test.end, "years", "years old") if field.name == "age" else test.end
    yield Found(node=node, end=end, kind="field", remarks=remarks)


def _boolean(prompt: Prompt, field: Field, at: int, lead: Lead) -> Iterator[Found]:
    start = prompt.skip(at, "is", "=", ":")
    for value, words in ((True, ("true", "yes", "on")), (False, ("false", "no", "off"))):
        end = prompt.skip(start, *words)
        if end > start:
            yield Found(node=leaf(field.name, "=", value != lead.negated), end=end, kind="field", negated=lead.negated)
    if field.group == "Custom":
        yield Found(node=leaf(field.name, "=", not lead.negated), end=at, kind="field", negated=lead.negated)
