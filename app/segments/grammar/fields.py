"""Any field of the catalogue by its name: "shoe size over 8", "name starts with A", "city is not set"."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from app.segments.catalogue import Field, FieldType
from app.segments.grammar.comparison import comparison
from app.segments.grammar.field_names import names_of
from app.segments.grammar.frames import time_frame
from app.segments.grammar.names import PLACES, Listing, listing
from app.segments.grammar.numbers import amount, count, currency_remark
from app.segments.grammar.prompt import Found, Lead, Prompt, Unclear, leaf
from models.values import fold

__all__ = ["fields", "free_text", "names_of"]

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
_SAID_OUTRIGHT = ("first_name", "last_name", "postal_code")
"""Fields whose value may follow at once: "surname Sharma"."""
_IS = ("is", "=", "of", ":", "was", "are", "is of")
_NO_VALUES = ["the", "a", "an", "not", "in", "like", "any", "no", "it", "or", "and"]
_ENDS = ("", ",", ")", "]", ".", "and", "or", "but", "who", "?", "!", ";")
_NAUGHT = ("none", "no", "nothing", "n/a", "na", "nil", "null", "zero", "0", "not set", "-")


def fields(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """A condition on the field whose name, label or synonym stands here."""
    start = prompt.skip(at, "a", "an", "the", "their")
    for field, after in _named(prompt, start):
        if lead.negation in ("", "not", "except"):
            presence = [*_presence(prompt, field, after, lead)]
            yield from presence or _by_type(prompt, field, after, lead)
        elif lead.negation in ("no", "without") and field.group == "Custom":
            yield _lacking(prompt, field, after, lead)
    yield from _value_first(prompt, at, lead)


def check_not_unknown(label: str, values: Collection[str], *, denied: bool) -> None:
    """Raise Unclear for "gender is not unknown": who has no gender at all is as unknown, but "not" takes them in."""
    if denied and any(fold(value) == "unknown" for value in values):
        raise Unclear(f"Should people without any {label} be in? Say which {label} they have.", ["unknown"])


def _lacking(prompt: Prompt, field: Field, end: int, lead: Lead) -> Found:
    """Without a renewal date; not where "no loyalty points" may mean zero, or "no tier" the tier "None"."""
    if field.type is FieldType.BOOLEAN:
        return Found(node=leaf(field.name, "=", False), end=end, kind="field", negated=True)
    zero = "0" if field.type in (FieldType.NUMBER, FieldType.MONEY) else None
    zero = zero or next((value for value in field.values if fold(value) in _NAUGHT), None)
    if zero is not None:
        text, label = prompt.span(lead.end - 1, end), field.label.lower()
        raise Unclear(
            f"Does “{text}” mean {zero}, or that it is not known? Say “{label} is {zero}” or “{label} is not set”.",
            [text],
        )
    return Found(node=leaf(field.name, "null"), end=end, kind="field", negated=True)


def _named(prompt: Prompt, at: int) -> list[tuple[Field, int]]:
    """The fields whose name stands here, each with where its longest name ends."""
    found: dict[str, tuple[Field, int]] = {}
    for words, field in prompt.names.fields.get(prompt.word(at), ()):
        end = at + len(words)
        here = tuple(item.word for item in prompt.tokens[at:end] if item.kind != "quoted")
        if here == words and end > found.get(field.name, (field, at))[1]:
            found[field.name] = (field, end)
    return list(found.values())


def _value_first(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """More than 500 loyalty points; the gold plan: a value before the shop's own field."""
    custom = [field for field in prompt.catalogue.fields.values() if field.group == "Custom"]
    if not custom or lead.negation not in ("", "not", "except"):
        return
    test = comparison(prompt, at, count)
    for field, end in _named(prompt, test.end) if test is not None and not lead.negated else ():
        if test is not None and field.group == "Custom" and field.type is FieldType.NUMBER:
            node = test.node(lambda operator, value, name=field.name: leaf(name, operator, value))  # type: ignore[misc]
            yield Found(node=node, end=end, kind="field")
    start = prompt.skip(at, "on the", "on a", "the", "a", "in the")
    for found in listing(prompt, start, [field.name for field in custom if field.type is FieldType.TEXT]):
        for field, end in _named(prompt, found.end):
            if field.name == found.field and found.joint in ("", "or", "either"):
                yield _one_of(field, found, end, denied=lead.negated)


def _one_of(field: Field, found: Listing, end: int, *, denied: bool) -> Found:
    check_not_unknown(field.label.lower(), found.values, denied=denied)
    single = len(found.values) == 1
    operator = {(True, False): "=", (True, True): "!=", (False, False): "in", (False, True): "notIn"}[single, denied]
    value: object = found.values[0] if single else list(found.values)
    return Found(node=leaf(field.name, operator, value), end=end, kind="field", remarks=found.remarks, negated=denied)


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
    if any(fold(value) == "unknown" for value in field.values):
        absent = at if prompt.has(at, "is not known") else absent
    else:
        absent = max(absent, prompt.skip(at, "is unknown", "unknown"))
    if max(absent, present) == at or field.type is FieldType.BOOLEAN or field.name in ("order_count", "total_spent"):
        return
    if lead.negated:
        raise Unclear(
            "Two negations in one condition: who should be in?", [prompt.span(lead.end, max(absent, present))]
        )
    operator, end = ("null", absent) if absent > present else ("notNull", present)
    denied = operator == "null" and any(prompt.word(here) == "not" for here in range(at, end))
    yield Found(node=leaf(field.name, operator), end=end, kind="field", negated=denied)


def _text(prompt: Prompt, field: Field, at: int, lead: Lead) -> Iterator[Found]:
    known = prompt.lookup(at, _OPERATORS)
    if known is None:
        for found in listing(prompt, at, [field.name]) if field.values else ():
            if found.joint in ("", "or", "either"):
                yield _one_of(field, found, found.end, denied=lead.negated)
        text = free_text(prompt, at, part=False) if field.name in _SAID_OUTRIGHT else None
        if text is not None and not lead.negated:
            yield Found(node=leaf(field.name, "=", text), end=at + 1, kind="field")
        return
    operator, start = known
    denied = lead.negated
    if denied and operator != "=":
        raise Unclear("Two negations in one condition: who should be in?", [prompt.span(at, start)])
    operator = "!=" if denied else operator
    if operator in ("=", "!="):
        for found in listing(prompt, start, [field.name], again=("in", "is")):
            if found.joint in ("both", "nor", "nor again"):
                raise Unclear(f"A customer has one {field.label.lower()} at a time. Which ones do you mean?")
            yield _one_of(field, found, found.end, denied=operator == "!=")
        if field.values:
            return
    if prompt.word(start) == "+" and operator == "beginsWith" and field.name == "phone":
        digits = free_text(prompt, start + 1, part=True)
        if digits is not None and digits.isdigit():
            yield Found(node=leaf(field.name, operator, f"+{digits}"), end=start + 2, kind="field")
    text = free_text(prompt, start, part=operator not in ("=", "!="))
    if field.name == "email" and operator in ("=", "!=") and not _is_address(prompt, start):
        return
    if text is not None and field.type is FieldType.TEXT:
        negated = operator in ("!=", "doesNotContain")
        several, last = _more_texts(prompt, start) if operator in ("=", "!=") else ((), start)
        if several:
            node = leaf(field.name, "notIn" if negated else "in", [text, *several])
            yield Found(node=node, end=last, kind="field", negated=negated)
        yield Found(node=leaf(field.name, operator, text), end=start + 1, kind="field", negated=negated)


def _more_texts(prompt: Prompt, at: int) -> tuple[tuple[str, ...], int]:
    """What goes on a list of free texts: "Miller or Smith". Names in capitals or in quotes, and only with "or"."""
    texts, end = [], at + 1
    while (start := prompt.skip(end, "or")) > end:
        token, text = prompt.token(start), free_text(prompt, start, part=False)
        named = token is not None and (token.kind == "quoted" or token.text[:1].isupper())
        if text is None or not named or prompt.names.at(prompt, start, list(prompt.catalogue.fields)):
            return (), at
        texts.append(text)
        end = start + 1
    return tuple(texts), end


def _is_address(prompt: Prompt, at: int) -> bool:
    """Whether a whole address stands here: in "with email in January" none does."""
    token = prompt.token(at)
    return token is not None and (token.kind == "quoted" or "@" in token.text)


def free_text(prompt: Prompt, at: int, *, part: bool) -> str | None:
    """A value in the prompt's own words: in quotes, or one word with nothing but an end or a joint after it.

    `part` of a text may be any letters, even those of an article.
    """
    token = prompt.token(at)
    if token is None or not token.text:
        return None
    if token.kind == "quoted":
        return token.text
    lives = prompt.word(at + 1) in ("in", "from") and prompt.names.at(prompt, at + 2, PLACES)
    ends = prompt.word(at + 1) in _ENDS or (part and lives)
    if not ends or token.kind not in ("word", "raw", "number"):
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
