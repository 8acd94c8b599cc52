"""Numbers and amounts of money as people write them: 10k, 1.5 lakh, ₹12,50,000, two thousand, 500 dollars."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from app.segments.grammar.prompt import Prompt, Remark, Unclear

SCALES = {
    "k": 1_000,
    "thousand": 1_000,
    "thousands": 1_000,
    "lakh": 100_000,
    "lakhs": 100_000,
    "lac": 100_000,
    "lacs": 100_000,
    "m": 1_000_000,
    "mn": 1_000_000,
    "mio": 1_000_000,
    "million": 1_000_000,
    "millions": 1_000_000,
    "cr": 10_000_000,
    "crore": 10_000_000,
    "crores": 10_000_000,
    "bn": 1_000_000_000,
    "billion": 1_000_000_000,
}
_SEPARATE = {name: scale for name, scale in SCALES.items() if name != "m"} | {"hundred": 100}
_TO_NINETEEN = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen
"""
UNITS = dict(zip(_TO_NINETEEN.split(), range(20), strict=True))
TENS = dict(
    zip(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], range(20, 100, 10), strict=True)
)
NO_SCALE = 10**12
_GROUPED = re.compile(r"[0-9]+(\.[0-9]+)?|[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?|[0-9]{1,2}(,[0-9]{2})*,[0-9]{3}(\.[0-9]+)?")
_THOUSANDS_OR_DECIMALS = re.compile(r"(?<![0-9,])[1-9][0-9]{0,2}\.[0-9]{3}(?![0-9a-zA-Z])")

SIGNS = {
    "₹": {"INR"},
    "rs": {"INR", "PKR", "LKR", "NPR", "MUR"},
    "$": {"USD", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN", "ARS", "CLP", "COP", "TWD"},
    "€": {"EUR"},
    "£": {"GBP", "EGP"},
    "¥": {"JPY", "CNY"},
    "₩": {"KRW"},
    "₺": {"TRY"},
    "₽": {"RUB"},
    "₴": {"UAH"},
    "₫": {"VND"},
    "₪": {"ILS"},
    "₦": {"NGN"},
}
NAMES = {
    "rupee": SIGNS["rs"],
    "rupees": SIGNS["rs"],
    "inr": {"INR"},
    "dollar": SIGNS["$"],
    "dollars": SIGNS["$"],
    "usd": {"USD"},
    "bucks": {"USD", "AUD", "CAD", "NZD"},
    "euro": {"EUR"},
    "euros": {"EUR"},
    "eur": {"EUR"},
    "gbp": {"GBP"},
    "quid": {"GBP"},
    "pound": {"GBP", "EGP"},
    "pounds": {"GBP", "EGP"},
    "dirham": {"AED", "MAD"},
    "dirhams": {"AED", "MAD"},
    "aed": {"AED"},
    "yen": {"JPY"},
    "jpy": {"JPY"},
    "yuan": {"CNY"},
    "cny": {"CNY"},
    "chf": {"CHF"},
    "francs": {"CHF", "XAF", "XOF"},
    "aud": {"AUD"},
    "cad": {"CAD"},
    "sgd": {"SGD"},
    "pkr": {"PKR"},
    "riyal": {"SAR", "QAR"},
    "riyals": {"SAR", "QAR"},
    "sar": {"SAR"},
    "cents": set(),
    "paise": set(),
    "pence": set(),
}


@dataclass(frozen=True)
class Number:
    """A number up to token `end`; `currencies` are those its sign or word may mean, None when it bears none."""

    value: Decimal
    end: int
    currencies: frozenset[str] | None = None
    scale: int = 1
    """What its word or letter multiplied it by: 1,000 for 10k."""


def number(prompt: Prompt, at: int) -> Number | None:
    """The number that stands at a token, with its currency on either side, or None."""
    before, start = _currency(prompt, at, {**SIGNS, **NAMES})
    bare = _bare(prompt, start)
    if bare is None:
        return None
    value, end, scale = bare
    after, end = _currency(prompt, end, {**NAMES, **SIGNS})
    end = prompt.skip(end, "/-", "only") if prompt.has(end, "/-") else end
    if before is not None and after is not None and not before & after:
        raise Unclear(f"“{prompt.span(at, end)}” names two currencies. Which one do you mean?", [prompt.span(at, end)])
    mark = after if before is None else before
    return Number(value, end, frozenset(mark) if mark is not None else None, scale)


def amount(prompt: Prompt, at: int) -> Number | None:
    """A number as an amount in the shop's currency. Raises Unclear when it bears another one."""
    found = number(prompt, at)
    currency = prompt.catalogue.currency
    if found is not None and _THOUSANDS_OR_DECIMALS.search(prompt.span(at, found.end)):
        raise Unclear(
            f"Is “{prompt.span(at, found.end)}” a whole amount or one with decimals? Write 1250 or 1250.50.",
            [prompt.span(at, found.end)],
        )
    if found is not None and found.currencies is not None and currency not in found.currencies:
        raise Unclear(
            f"Your shop's amounts are in {currency}, but this says “{prompt.span(at, found.end)}”. "
            f"What is the amount in {currency}?",
            [prompt.span(at, found.end)],
        )
    return found


def currency_remark(prompt: Prompt, *numbers: Number) -> tuple[Remark, ...]:
    """What to say of amounts that bear no currency."""
    if all(item.currencies is not None for item in numbers):
        return ()
    currency = prompt.catalogue.currency
    return (Remark(f"money_currency_{currency}", f"Amounts are in {currency}, the shop's currency."),)


def count(prompt: Prompt, at: int) -> Number | None:
    """A number without any currency, such as a count or a length of time."""
    found = number(prompt, at)
    return found if found is not None and found.currencies is None else None


def _currency(prompt: Prompt, at: int, marks: dict[str, set[str]]) -> tuple[set[str] | None, int]:
    word = prompt.word(at)
    if word == "us" and prompt.word(at + 1) == "$":
        return {"USD"}, at + 2
    if word in marks:
        end = at + 1
        if word == "rs" and prompt.word(end) == ".":
            end += 1
        return marks[word], end
    return None, at


def _bare(prompt: Prompt, at: int) -> tuple[Decimal, int, int] | None:
    token = prompt.token(at)
    if token is None:
        return None
    if token.kind == "word":
        return _spelled_out(prompt, at)
    if token.kind != "number" or not _GROUPED.fullmatch(token.word) or _broken(prompt, at):
        return None
    value, end = Decimal(token.word.replace(",", "")), at + 1
    if token.suffix:
        scale = 100_000 if token.suffix == "L" else SCALES.get(token.suffix.lower())
        if scale is None:
            return None
        return value * scale, end, scale
    total = 1
    while (scale := _SEPARATE.get(prompt.word(end))) is not None:
        total, end = total * scale, end + 1
    return value * total, end, total


def _broken(prompt: Prompt, at: int) -> bool:
    """Whether the digits go on after a separator that this language does not use, as in 1.250,50 or 3.5.2026."""
    mark, rest = prompt.token(at + 1), prompt.token(at + 2)
    return bool(
        mark and rest and mark.word in (",", ".", "/", "'") and mark.glued and rest.glued and rest.kind == "number"
    )


def _spelled_out(prompt: Prompt, at: int) -> tuple[Decimal, int, int] | None:
    """Two thousand, twenty five, one hundred and fifty, a hundred."""
    halved = _and_a_half(prompt, at)
    if halved is not None:
        return halved
    total, current, end, last = 0, 0, at, NO_SCALE
    if prompt.word(at) in ("a", "an") and prompt.word(at + 1) in ("hundred", "thousand", "lakh", "million", "crore"):
        current, end = 1, at + 1
    while True:
        word = prompt.word(end)
        if word in TENS and current % 100 == 0:
            current, end = current + TENS[word], end + 1
        elif word in UNITS and ((current % 10 == 0 and current % 100 != 10) or current == 0):
            if current % 100 and UNITS[word] > 9:
                return None
            current, end = current + UNITS[word], end + 1
        elif word == "hundred" and 0 < current < 10:
            current, end = current * 100, end + 1
        elif word in SCALES and current and len(word) > 2 and SCALES[word] < last:
            last = SCALES[word]
            total, current, end = total + current * last, 0, end + 1
        elif word == "and" and end > at and prompt.word(end - 1) == "hundred" and _small(prompt.word(end + 1)):
            end += 1
        else:
            break
    scale = 1 if current or last == NO_SCALE else last
    return (Decimal(total + current), end, scale) if end > at else None


def _and_a_half(prompt: Prompt, at: int) -> tuple[Decimal, int, int] | None:
    """Half a lakh, one and a half lakh, two and half crore: always with a scale, since half an order is none."""
    half, whole = prompt.skip(at, "half a", "half"), 0
    if half == at and prompt.word(at) in UNITS:
        whole, half = UNITS[prompt.word(at)], prompt.skip(at + 1, "and a half", "and half")
        half = half if half > at + 1 else at
    scale = SCALES.get(prompt.word(half)) if half > at else None
    if scale is None or len(prompt.word(half)) < 3:
        return None
    return (whole + Decimal("0.5")) * scale, half + 1, scale


def _small(word: str) -> bool:
    return word in UNITS or word in TENS
