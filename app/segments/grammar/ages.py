"""Birthdays and ages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from app.segments.grammar.bare_ages import is_of_person, other_ages
from app.segments.grammar.comparison import AFTER, Comparison, comparison
from app.segments.grammar.days import MONTHS
from app.segments.grammar.frames import time_frame
from app.segments.grammar.moment_words import BIRTHDAYS
from app.segments.grammar.numbers import count
from app.segments.grammar.prompt import Found, Lead, Prompt, Remark, Unclear, group, leaf

_OLDER = ("older", "younger")
_OR_OLDER = ("or older", "and older", "or younger", "and younger")
_YEARS = ("years old", "years of age", "year old", "year olds", "yrs old", "yr olds", "yo", "year old customers")
_AGED = (
    "aged", "age", "ages", "age is", "in the age group", "of age", "ages from", "aged from", "age group", "age range",
    "in the age range", "in the age group of", "in the age range of", "whose age is", "with age", "age of", "of ages",
    "in age group", "an age of", "the age of", "with an age of",
)  # fmt: skip
_TENS = {"twenties": 20, "thirties": 30, "forties": 40, "fifties": 50, "sixties": 60, "seventies": 70}
_BETWEEN_AGES = (
    "between the ages of", "between ages", "between the ages", "between the age of", "aged between", "age between",
    "ages between", "age is between", "age from", "between age", "age range", "between the age group of", "age is from",
)  # fmt: skip
_ABSENT = ("unknown", "is unknown", "missing", "is missing", "not known", "is not known")


def birthdays(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Birthday in the next 7 days; a birthday this month; born before 1990."""
    if "birthday" not in prompt.catalogue.fields:
        return
    yield from _born(prompt, at, lead)
    start = prompt.skip(at, *BIRTHDAYS)
    if start == at or lead.negation == "never":
        yield from _month_first(prompt, at, lead)
        return
    if lead.negation in ("no", "without") and prompt.word(start) in ("", "and", "or", ",", ")", "on", "set"):
        end = prompt.skip(start, "on file", "set")
        yield Found(node=leaf("birthday", "null"), end=end, kind="birthday", negated=True)
    absent = prompt.skip(start, *_ABSENT)
    if absent > start and not lead.negated:
        yield Found(node=leaf("birthday", "null"), end=absent, kind="birthday", negated=True)
    frame = time_frame(prompt, start, future=True)
    if frame is None or lead.negated:
        return
    operator = {"inNext": "anniversaryInNext", "inPeriod": "anniversaryInPeriod"}.get(frame.operator)
    if frame.loose and frame.operator == "inLast":
        operator = "anniversaryInNext"
    if operator is None:
        raise _no_such_birthday(prompt.span(at, frame.end))
    yield Found(node=leaf("birthday", operator, frame.value), end=frame.end, kind="birthday", remarks=frame.remarks)


def _born(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Born before 1990, born in 1990, born between 1980 and 1989."""
    born = prompt.skip(at, "born", "date of birth", "birth date", "date of birth is", "dob", "birthdate", "dob is")
    if born == at or lead.negated:
        return
    frame = time_frame(prompt, born)
    if frame is None:
        return
    if not isinstance(frame.value, str | list) or frame.remarks:
        raise _no_such_birthday(prompt.span(at, frame.end))
    yield Found(node=leaf("birthday", frame.operator, frame.value), end=frame.end, kind="birthday")


def _month_first(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """This month's birthdays; next week's birthdays; December birthdays, which have to be asked about."""
    month = prompt.word(at) in MONTHS
    if month and prompt.has(at + 1, "birthday", "birthdays", "born", "babies"):
        raise _no_such_birthday(prompt.span(at, at + 2))
    period = {"this": "this", "next": "next"}.get(prompt.word(at))
    unit = prompt.word(at + 1).removesuffix("'s")
    if period is None or unit not in ("week", "month") or not prompt.has(at + 2, "birthday", "birthdays", "bdays"):
        return
    if not lead.negated:
        value = {"period": period, "unit": unit}
        yield Found(node=leaf("birthday", "anniversaryInPeriod", value), end=at + 3, kind="birthday")


def _no_such_birthday(text: str) -> Unclear:
    return Unclear(
        f"“{text}” cannot be a rule: a birthday is found in a stretch ahead of today. "
        "Say “birthday in the next 7 days”, “birthday this month” or “birthday next week”.",
        [text],
        final=True,
    )


def ages(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Older than 30; aged 25 to 34; under 25 years old; over the age of 40."""
    if "age" not in prompt.catalogue.fields or not lead.verbal or lead.negation == "never":
        return
    for operator, phrases in (
        (">", ("older than", "above the age of", "over the age of", "above age", "over age")),
        ("<", ("younger than", "below the age of", "under the age of", "under age", "below age")),
    ):
        start = prompt.skip(at, *phrases)
        number = count(prompt, start) if start > at else None
        if number is not None:
            test = Comparison(((operator, (number,)),), number.end)
            end = prompt.skip(number.end, "years", "years old", "years of age", "yrs")
            yield from _age(prompt, test, lead, end)
    yield from _decade(prompt, at, lead)
    yield from _age_range(prompt, at, lead)
    named = prompt.skip(at, *_AGED)
    named = prompt.skip(named, "is") if named > at else named
    read = comparison(prompt, named, count)
    if read is None:
        return
    years = prompt.skip(read.end, *_YEARS, "years", "yrs")
    spoken = prompt.has(read.end, *_YEARS)
    person = named == at and not spoken and is_of_person(prompt, at, read)
    after = prompt.lookup(years, AFTER) if not read.explicit else None
    older = prompt.word(read.end - 1) in _OLDER or prompt.has(years, *_OR_OLDER)
    if named == at and not spoken and not person and not older:
        return
    if person and prompt.word(read.end) == "only":
        read = replace(read, end=read.end + 1)
        years = read.end
    second = other_ages(prompt, read.end) if person else None
    if second is not None and not lead.negated:
        yield _either_age(prompt, at, read, second)
        return
    if after is not None and count(prompt, after[1]) is None:
        read, years = Comparison(((after[0], read.numbers),), after[1]), after[1]
    years = prompt.skip(years, *_YEARS)
    remark = Remark("age_meant", f"“{prompt.span(at, years)}” is about age in years.")
    yield from _age(prompt, read, lead, years, () if spoken or older or named > at else (remark,))


def _either_age(prompt: Prompt, at: int, one: Comparison, other: Comparison) -> Found:
    """Under 30 or over 60; what follows with "and" could belong to the second half alone."""
    if prompt.word(other.end) == "and":
        text = prompt.span(at, other.end)
        raise Unclear(f"What does “and” after “{text}” go with? Brackets help: ({text}) and ...", [text])
    nodes = [test.node(lambda operator, value: leaf("age", operator, value)) for test in (one, other)]
    remark = Remark("age_meant", f"“{prompt.span(at, other.end)}” is about age in years.")
    return Found(node=group("or", nodes), end=other.end, kind="age", remarks=(remark,))


def _decade(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """In their 20s; in their thirties."""
    start = prompt.skip(at, "in their", "in the age of")
    token = prompt.token(start)
    if start == at or token is None or lead.negated:
        return
    ten = _TENS.get(prompt.word(start)) if token.kind == "word" else None
    if token.kind == "number" and token.suffix.lower() == "s" and token.word in ("20", "30", "40", "50", "60", "70"):
        ten = int(token.word)
    if ten:
        yield Found(node=leaf("age", "between", [ten, ten + 9]), end=start + 1, kind="age")


def _age_range(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Between the ages of 25 and 34; between ages 25-34."""
    start = prompt.skip(at, *_BETWEEN_AGES)
    low = count(prompt, start) if start > at else None
    middle = prompt.skip(low.end, "and", "to", "-") if low else at
    high = count(prompt, middle) if low and middle > low.end else None
    if low is None or high is None or low.value > high.value:
        return
    test = Comparison((("between", (low, high)),), high.end)
    yield from _age(prompt, test, lead, prompt.skip(high.end, *_YEARS, "years", "yrs"))


def _age(prompt: Prompt, test: Comparison, lead: Lead, end: int, remarks: tuple[Remark, ...] = ()) -> Iterator[Found]:
    if prompt.word(end) == "ago" or not test.whole:
        return
    if lead.negated:
        denied = test.denied()
        if denied is None or lead.negation == "except":
            raise Unclear("Should people whose age is not known be in?", [prompt.span(lead.end, end)])
        node = denied.node(lambda operator, value: leaf("age", operator, value))
        unknown = Remark(
            "unknown_age_excluded",
            "People whose birthday is not known are not in.",
            (node, group("or", [node, leaf("birthday", "null")])),
        )
        yield Found(node=node, end=end, kind="age", remarks=(*remarks, unknown), negated=True)
        return
    yield Found(
        node=test.node(lambda operator, value: leaf("age", operator, value)), end=end, kind="age", remarks=remarks
    )
