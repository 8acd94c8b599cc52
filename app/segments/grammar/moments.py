"""When something happened to a customer: signed up, first and last order, birthday, age."""

from __future__ import annotations

from collections.abc import Iterator

from app.segments.grammar.comparison import AFTER, Comparison, comparison
from app.segments.grammar.frames import Frame, duration, time_frame
from app.segments.grammar.numbers import count
from app.segments.grammar.prompt import Found, Lead, Node, Prompt, Remark, Unclear, deny, leaf

_SIGNED_UP = (
    "signed up",
    "sign up",
    "signups",
    "sign ups",
    "new signups",
    "new sign ups",
    "registrations",
    "signing up",
    "sign up date",
    "sign up date is",
    "signed up date",
    "signup date",
    "signup date is",
    "joined",
    "join",
    "joined us",
    "registered",
    "register",
    "registered with us",
    "signed up with us",
    "signed up for an account",
    "enrolled",
    "created an account",
    "created their account",
    "became a customer",
    "became customers",
    "became a customer of ours",
)
_FIRST = tuple(
    f"{first} {noun}"
    for first in (
        "first",
        "their first",
        "the first",
        "whose first",
        "had their first",
        "placed their first",
        "made their first",
    )
    for noun in (
        "order",
        "ordered",
        "purchase",
        "purchased",
        "bought",
        "order was",
        "purchase was",
        "order is",
        "order date",
        "order placed",
        "order date is",
    )
)
_LAST = tuple(
    f"{last} {noun}"
    for last in (
        "last",
        "latest",
        "most recent",
        "most recently",
        "their last",
        "the last",
        "whose last",
        "their most recent",
        "their latest",
        "the most recent",
        "placed their last",
        "made their last",
    )
    for noun in (
        "order",
        "ordered",
        "purchase",
        "purchased",
        "bought",
        "order was",
        "purchase was",
        "order is",
        "order date",
        "order placed",
        "shopped",
        "order date is",
        "order made",
    )
)
_FIRST_TIME = (
    "ordered for the first time",
    "bought for the first time",
    "purchased for the first time",
    "first time ordered",
)
_ENDS = ("", ",", ")", "]", ".", "in", "from", "who", "and", "or", "but", "with")
_BIRTHDAYS = (
    "birthday",
    "birthdays",
    "birthday is",
    "birthday falls",
    "birthday falls on",
    "birthday coming up",
    "birthdays coming up",
    "a birthday",
    "their birthday",
    "their birthday is",
    "whose birthday is",
    "celebrate their birthday",
    "celebrating their birthday",
    "celebrate a birthday",
    "celebrating a birthday",
    "having a birthday",
    "with a birthday",
)


def sign_ups(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Signed up in the last 30 days; joined before 1 March 2026; been customers for over 2 years."""
    start = prompt.skip(at, *_SIGNED_UP)
    if prompt.word(at) == "since" and prompt.word(at - 1) in ("customer", "customers"):
        start = at
        frame = time_frame(prompt, at)
    else:
        frame = time_frame(prompt, start) if start > at and lead.verbal else None
    if frame is not None and lead.negation != "never":
        yield _dated("signed_up_at", frame, lead, "signed_up")
    been = prompt.skip(at, "been a customer", "been customers", "been with us", "been customers of ours")
    been = prompt.skip(been, "with us", "of ours") if been > at else at
    if been > at and not lead.negated:
        yield from _long_standing(prompt, been)


def order_dates(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """First order this month; last ordered more than 90 days ago."""
    for name, phrases in (("first_order_at", _FIRST + _FIRST_TIME), ("last_order_at", _LAST)):
        start = prompt.skip(at, *phrases)
        frame = time_frame(prompt, start) if start > at and lead.verbal and lead.negation != "never" else None
        if frame is not None:
            yield _dated(name, frame, lead, "order_date")


def birthdays(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Birthday in the next 7 days; a birthday this month; born before 1990."""
    if "birthday" not in prompt.catalogue.fields:
        return
    born = prompt.skip(at, "born", "date of birth", "birth date", "date of birth is")
    if born > at and not lead.negated:
        frame = time_frame(prompt, born)
        if frame is not None and isinstance(frame.value, str | list) and not frame.remarks:
            yield Found(node=leaf("birthday", frame.operator, frame.value), end=frame.end, kind="birthday")
    start = prompt.skip(at, *_BIRTHDAYS)
    if start == at or lead.negation == "never":
        return
    if lead.negation in ("no", "without") and prompt.word(start) in ("", "and", "or", ",", ")", "on", "set"):
        end = prompt.skip(start, "on file", "set")
        yield Found(node=leaf("birthday", "null"), end=end, kind="birthday", negated=True)
    frame = time_frame(prompt, start, future=True)
    if frame is None or lead.negated:
        return
    operator = {"inNext": "anniversaryInNext", "inPeriod": "anniversaryInPeriod"}.get(frame.operator)
    if operator is None:
        text = prompt.span(at, frame.end)
        raise Unclear(
            f"For “{text}”: say “birthday in the next 7 days”, “birthday this month” or “next month”.", [text]
        )
    yield Found(node=leaf("birthday", operator, frame.value), end=frame.end, kind="birthday", remarks=frame.remarks)


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
            yield from _age(prompt, test, lead, prompt.skip(number.end, "years", "years old", "years of age", "yrs"))
    named = prompt.skip(at, "aged", "age", "ages", "age is", "in the age group", "of age", "ages from", "aged from")
    test_read = comparison(prompt, named, count)
    if test_read is None:
        return
    years = prompt.skip(test_read.end, "years old", "years of age", "year old", "year olds", "yrs old", "years")
    spoken = prompt.has(test_read.end, "years old", "years of age", "year old", "year olds", "yrs old")
    person = bool(prompt.names.at(prompt, at - 1, ["gender"])) and test_read.explicit and prompt.word(years) in _ENDS
    person = person and all(12 <= item.value <= 110 and item.scale == 1 for item in test_read.numbers)
    if named == at and not spoken and not person:
        return
    after = prompt.lookup(years, AFTER) if not test_read.explicit else None
    if after is not None and count(prompt, after[1]) is None:
        test_read, years = Comparison(((after[0], test_read.numbers),), after[1]), after[1]
    remark = Remark("age_meant", f"“{prompt.span(at, years)}” is about age in years.")
    yield from _age(prompt, test_read, lead, years, () if spoken or named > at else (remark,))


def _age(prompt: Prompt, test: Comparison, lead: Lead, end: int, remarks: tuple[Remark, ...] = ()) -> Iterator[Found]:
    if prompt.word(end) == "ago" or not test.whole:
        return
    if lead.negated:
        raise Unclear("Should people whose age is not known be in?", [prompt.span(lead.end, end)])
    yield Found(
        node=test.node(lambda operator, value: leaf("age", operator, value)), end=end, kind="age", remarks=remarks
    )


def _dated(name: str, frame: Frame, lead: Lead, kind: str) -> Found:
    node: Node = leaf(name, frame.operator, frame.value)
    if lead.negated and frame.operator == "inLast":
        node = leaf(name, "notInLast", frame.value)
    elif lead.negated and name == "signed_up_at":
        node = deny(node)
    elif lead.negated:
        raise Unclear("Should people who never ordered be in?")
    return Found(node=node, end=frame.end, kind=kind, negated=lead.negated, timed=True, remarks=frame.remarks)


def _long_standing(prompt: Prompt, at: int) -> Iterator[Found]:
    since = time_frame(prompt, at) if prompt.word(at) == "since" else None
    if since is not None:
        yield Found(node=leaf("signed_up_at", since.operator, since.value), end=since.end, kind="signed_up", timed=True)
    start = prompt.skip(at, "for")
    if start == at:
        return
    longer = prompt.skip(start, "more than", "over", "at least", "longer than")
    shorter = prompt.skip(start, "less than", "under", "fewer than")
    length = duration(prompt, max(longer, shorter))
    if length is None:
        return
    node = (
        leaf("signed_up_at", "inLast", length.span)
        if shorter > longer
        else leaf("signed_up_at", "before", length.day())
    )
    yield Found(node=node, end=length.end, kind="signed_up", timed=True)
