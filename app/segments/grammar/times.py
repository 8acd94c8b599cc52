"""How often something was bought: "twice or more", "more than 3 times", "once or twice", "3x"."""

from __future__ import annotations

from decimal import Decimal

from app.segments.grammar.buying import Purchase
from app.segments.grammar.comparison import AFTER, Comparison, Reader, comparison, postfix
from app.segments.grammar.numbers import Number, count
from app.segments.grammar.prompt import Prompt

TIMES = {"once": 1, "twice": 2, "thrice": 3}
_GOODS = ("order.category", "order.product")


def times(prompt: Prompt, facts: Purchase) -> Purchase | None:
    """More than 3 times, at least twice, once or more, 5x."""
    if facts.test is not None:
        return None
    test = comparison(prompt, facts.end, _with_unit) or _numbered(prompt, facts.end)
    test = (either(prompt, test, _with_unit) or test) if test is not None else _only(prompt, facts.end)
    if test is None or not test.whole:
        return None
    return facts.but(test=test, end=test.end)


def _only(prompt: Prompt, at: int) -> Comparison | None:
    """Only once, just twice, only 3 times."""
    start = prompt.skip(at, "only", "just")
    number = _with_unit(prompt, start) if start > at else None
    if number is None or prompt.lookup(number.end, AFTER) is not None:
        return None
    return Comparison((("=", (number,)),), number.end, explicit=False)


def _with_unit(prompt: Prompt, at: int) -> Number | None:
    """Once, 3 times, 3x: a number that says by itself that it counts times."""
    known = TIMES.get(prompt.word(at))
    if known is not None:
        return Number(Decimal(known), at + 1)
    found = _folds(prompt, at)
    if found is not None:
        return found
    found = count(prompt, at)
    end = prompt.skip(found.end, "times", "time") if found else at
    return Number(found.value, end) if found and end > found.end else None


def _folds(prompt: Prompt, at: int) -> Number | None:
    """3x, 3 x; not "3x Shoes", where it counts pieces."""
    token = prompt.token(at)
    if token is None or token.kind != "number" or not token.word.isdigit():
        return None
    glued = token.suffix.lower() == "x"
    end = at + 1 if glued else at + 2
    if not glued and (token.suffix or prompt.word(at + 1) != "x"):
        return None
    after = prompt.token(end)
    if after is not None and (after.kind == "quoted" or prompt.names.at(prompt, end, _GOODS)):
        return None
    return Number(Decimal(token.word), end)


def _numbered(prompt: Prompt, at: int) -> Comparison | None:
    """2 or more times, 2 to 4 times: the unit stands once, at the end."""
    test = comparison(prompt, at, count)
    test = (either(prompt, test, count) or test) if test is not None else None
    end = prompt.skip(test.end, "times", "time") if test is not None else at
    if test is None or end == test.end:
        return None
    return postfix(prompt, Comparison(test.tests, end, test.explicit))


def either(prompt: Prompt, one: Comparison, read: Reader) -> Comparison | None:
    """Once or twice, 2 or 3: one whole number or the next."""
    if one.explicit or prompt.word(one.end) != "or" or len(one.numbers) > 1 or not one.whole:
        return None
    other = read(prompt, one.end + 1)
    if other is None or other.value != one.numbers[0].value + 1:
        return None
    return Comparison((("between", (one.numbers[0], other)),), other.end)
