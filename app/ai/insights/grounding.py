"""Whether a sentence says nothing but the facts it cites.

- Every number is the value of a cited fact of its kind: percent with percent, money with its sign, days with days. It
  may be rounded: percent, points and days to whole ones, other values to two significant digits or more ("12.3k" for
  12,345), and written in digits or words. A number of a cited fact's label ("in the last 30 days") may be repeated.
- "More", "rose" or "less", "fell" need a cited change of that direction.
- Parts and multiples in words ("half", "twice"), months and names that no cited fact has are refused.
- Causes are spoken of only with a cited proof: a lift over people held out by lot that chance does not explain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from babel.numbers import get_currency_symbol

from app.ai.copywriting.figures import Figure, figures, plain_characters
from app.insights.facts import Fact

_UP = re.compile(
    r"\b(more|rose|rises?|rising|grew|grow(s|n|ing|th)?|up|increas\w+|higher|gain\w*|climb\w*|improv\w+|better|"
    r"ahead|surg\w+|jump\w*|exceed\w*|outperform\w*|above|stronger|upwards)\b",
    re.IGNORECASE,
)
_DOWN = re.compile(
    r"\b(less|fewer|fell|fall(s|en|ing)?|down|decreas\w+|lower|drop\w*|declin\w+|shr[aiu]nk\w*|worse\w*|"
    r"slump\w*|behind|below|weaker|lost|dipp?\w*|slow(ed|er|ing)|downwards)\b",
    re.IGNORECASE,
)
_NOT_A_CHANGE = re.compile(
    r"\b(signed up|sign(s|ing)? up|follow(s|ed)? up|\w+ or more|more than once|at least|break down|"
    r"no more|once more|held out|make up|makes up|made up|add(s|ed)? up|lost touch)\b",
    re.IGNORECASE,
)
_CAUSE = re.compile(
    r"\b(because|due to|thanks to|caus\w+|as a result|result\w* (in|from|of)|led to|lead(s|ing)? to|driv\w+|"
    r"drove|owing to|attribut\w+|generat\w+|brought (in|back|them|about)|produc\w+|impact\w*|boost\w*|"
    r"effect\w*|trigger\w*|prompt\w+|won back|made (them|people|customers)|convinc\w+|persuad\w+|paid off|"
    r"worked|responsible|helped|explains?|contribut\w+|lift\w*|changed it|through the campaign|converted|"
    r"conver(t|sions?)\b)",
    re.IGNORECASE,
)
_PARTS = re.compile(
    r"\b(half|halves|halv\w+|thirds?|quarters?|fifths?|tenths?|doubl\w+|tripl\w+|quadrupl\w+|twice|thrice|"
    r"twofold|dozens?|majority|most of|nearly all|almost all|all of|none of|hundreds|thousands|millions|record|"
    r"highest|lowest|ever|always|never)\b",
    re.IGNORECASE,
)
_MONTHS = re.compile(
    r"\b(January|February|April|June|July|August|September|October|November|December|"
    r"Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|Christmas|Easter|Diwali)\b|"
    r"\b(in|of|since|last|by|during) (March|May)\b"
)
_MARKUP = re.compile(r"[<>*_#`|\[\]{}]|https?:|www\.|\n|@")
_NAME = re.compile(r"(?<![.!?:“\"(]\s)(?<!^)(?<![\w’'-])[A-Z][\w’'&-]+")
_NUMBER_WORDS_AS_WORDS = frozenset({"one"})
LONGEST = 400


@dataclass(frozen=True)
class Trace:
    """A number or a name in a sentence, and the fact it stands for."""

    start: int
    end: int
    fact: Fact


def ungrounded(text: str, cited: Sequence[Fact], currency: str) -> str | None:
    """Why a sentence cannot stand on these facts, in a few words; None when it can."""
    if not text or len(text) > LONGEST:
        return "its length"
    if _MARKUP.search(text):
        return "markup or an address"
    if not cited:
        return "it cites no fact"
    said = plain_characters(text)
    rest = _without_names(said, cited)
    known = " ".join(fact.label for fact in cited)
    for found in figures(rest):
        if not any(_is(found, fact, rest, currency) for fact in cited) and not _repeats(found, known, rest):
            return f"the number {rest[found.start : found.end].strip()}"
    return _wrong_words(rest, cited, f"{known} {currency}")


def traces(text: str, cited: Sequence[Fact], currency: str) -> list[Trace]:
    """Where the values of the cited facts stand in a sentence, from left to right."""
    found = []
    for fact in cited:
        if isinstance(fact.value, str) and fact.value and (at := text.find(fact.value)) >= 0:
            found.append(Trace(at, at + len(fact.value), fact))
    said = plain_characters(text)
    if len(said) == len(text):
        rest = _without_names(said, cited)
        for figure in figures(rest):
            fact_of = next((fact for fact in cited if _is(figure, fact, rest, currency)), None)
            if fact_of is not None:
                found.append(Trace(figure.start, figure.end, fact_of))
    found.sort(key=lambda trace: trace.start)
    return [trace for n, trace in enumerate(found) if n == 0 or trace.start >= found[n - 1].end]


def _wrong_words(said: str, cited: Sequence[Fact], known: str) -> str | None:
    plain = _NOT_A_CHANGE.sub(" ", said)
    changes = [fact.number for fact in cited if fact.change]
    if (up := _UP.search(plain)) and not any(change > 0 for change in changes) and not _UP.search(known):
        return f"“{up[0]}” without a cited rise"
    if (down := _DOWN.search(plain)) and not any(change < 0 for change in changes) and not _DOWN.search(known):
        return f"“{down[0]}” without a cited fall"
    if part := _PARTS.search(said):
        return f"“{part[0]}”, which no fact says"
    if month := _MONTHS.search(said):
        return f"“{month[0]}”, which no fact says"
    if (cause := _CAUSE.search(said)) and not any(fact.proof for fact in cited):
        return f"“{cause[0]}” without a proof of it"
    words = set(re.findall(r"\w+", f"{known} {' '.join(str(fact.value) for fact in cited)}".casefold()))
    for name in _NAME.findall(said):
        if name.casefold() not in words and name not in ("I", "AI"):
            return f"the name {name}"
    return None


def _without_names(text: str, cited: Sequence[Fact]) -> str:
    """The text with the cited names blanked, whose digits are no numbers ("90s rock")."""
    for fact in cited:
        if isinstance(fact.value, str) and fact.value:
            name = plain_characters(fact.value)
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " " * len(name), text)
    return text


def _repeats(found: Figure, known: str, text: str) -> bool:
    """Whether the number is one of the labels', with the same kind and the same word after it ("30 days")."""
    after = _next_word(text, found.end)
    for figure in figures(known):
        if (figure.value, figure.kind) == (found.value, found.kind) and _next_word(known, figure.end)[:3] == after[:3]:
            return True
    return found.spelled and text[found.start : found.end].strip().casefold() in _NUMBER_WORDS_AS_WORDS


def _next_word(text: str, at: int) -> str:
    found = re.match(r"[\s-]*([^\W\d_]+)", text[at:])
    return found[1].casefold() if found else ""


def _is(found: Figure, fact: Fact, text: str, currency: str) -> bool:
    if isinstance(fact.value, str):
        return False
    after = _next_word(text, found.end)
    points = after.startswith("point") or after in ("pt", "pts", "pp") or (after == "percentage")
    kind_fits = {
        "percent": found.kind == "percent" and not points,
        "points": found.kind in ("number", "percent") and points,
        "money": found.kind in (currency, get_currency_symbol(currency, "en_US"), _sign(currency)),
        "days": found.kind == "number" and after.startswith("day"),
        "count": found.kind == "number" and not points and not after.startswith("day"),
    }[fact.unit]
    value = abs(fact.number) if fact.change else fact.number
    return kind_fits and any(found.value == rounded for rounded in _roundings(value, found, fact))


def _sign(currency: str) -> str:
    return {"USD": "$", "EUR": "€", "GBP": "£", "INR": "₹", "JPY": "¥", "AUD": "$", "CAD": "$", "NZD": "$"}.get(
        currency, currency
    )


def _roundings(value: Decimal, found: Figure, fact: Fact) -> Iterator[Decimal]:
    """The values a number may have if it stands for this fact, written as it is."""
    yield value
    step = Decimal(found.scale).scaleb(-found.places)
    if fact.unit in ("percent", "points", "days"):
        yield from _to(value, min(step, Decimal(1)))
        return
    if abs(value) < 10 and fact.unit == "count":
        return
    steps = [step]
    if not found.places and found.scale == 1 and not found.spelled:
        steps += [Decimal(10) ** power for power in range(1, 10)]
    for size in steps:
        if abs(value) >= 10 * size:  # two significant digits remain
            yield from _to(value, size)


def _to(value: Decimal, step: Decimal) -> Iterator[Decimal]:
    for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN):
        yield (value / step).quantize(Decimal(1), rounding) * step
