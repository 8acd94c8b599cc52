"""The prompt cut into tokens that remember where they stood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from models.values import fold

Kind: TypeAlias = Literal["word", "number", "quoted", "day", "sign", "raw"]

_PATTERN = re.compile(
    r"""
    (?P<day>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?![\w-])|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}(?![\w/]))
  | "(?P<quoted>[^"]*)"
  | (?<!\w)'(?P<single>[^']+)'(?!\w)
  | (?P<short>(?<!\w)[wW]/(?:[oO](?!\w))?(?=\W|\d)|(?<!\w)(?i:rs|inr|usd|eur|gbp|aed)(?=\.?[0-9]))
  | (?P<raw>(?<![\w.])\.[^\W\d]\w*(?:\.\w+)*|[\w.+-]*@[\w.-]*\w|[^\W\d]\w*(?:\.\w*[^\W\d]\w*)+)
  | (?P<number>[0-9]+(?:,[0-9]+)*(?:\.[0-9]+)?)(?P<suffix>[^\W\d_]*)
  | (?P<word>[^\W\d]\w*(?:'[^\W\d_]+)?)
  | (?P<sign><=|>=|!=|<>|/-|\S)
    """,
    re.VERBOSE,
)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "‑": "-", "–": "-", "—": "-"})
_SHORT_NOT = re.compile(r"^(have|has|had|do|does|did|is|are|was|were|could|would|should)n'?t$")
_CONTRACTIONS = {
    "who've": ("who", "have"),
    "they've": ("they", "have"),
    "who're": ("who", "are"),
    "they're": ("they", "are"),
    "who's": ("who", "is"),
    "cannot": ("can", "not"),
    "can't": ("can", "not"),
    "cant": ("can", "not"),
    "i'd": ("i", "would"),
    "whove": ("who", "have"),
    "theyve": ("they", "have"),
    "theyre": ("they", "are"),
    "upto": ("up", "to"),
    "atleast": ("at", "least"),
    "atmost": ("at", "most"),
    "morethan": ("more", "than"),
    "lessthan": ("less", "than"),
    "w/": ("with",),
    "w/o": ("without",),
}


@dataclass(frozen=True)
class Token:
    """One piece of the prompt. `word` is what is compared (folded); `text` what was written, at `start` to `end`.

    A number keeps letters that touch it in `suffix` ("10k", "1st"); a quoted token holds what is between the quotes.
    """

    kind: Kind
    word: str
    text: str
    start: int
    end: int
    suffix: str = ""
    glued: bool = False
    """No blank between this token and the one before."""


def tokenize(prompt: str) -> list[Token]:
    """Cut a prompt into tokens. Nothing but blanks, and the hyphen between two words, is dropped."""
    text = prompt.translate(_QUOTES)
    tokens: list[Token] = []
    for match in _PATTERN.finditer(text):
        tokens.extend(_tokens_of(match, text))
    return tokens


@lru_cache(maxsize=8192)
def words_of(text: str) -> tuple[str, ...]:
    """The folded words of a name, cut as `tokenize` cuts a prompt."""
    return tuple(token.word for token in tokenize(text))


def _tokens_of(match: re.Match[str], text: str) -> list[Token]:
    start, end = match.span()
    glued = start > 0 and not text[start - 1].isspace()
    kind = match.lastgroup
    if kind == "suffix":
        return [Token("number", match["number"], match[0], start, end, match["suffix"], glued)]
    if kind in ("quoted", "single"):
        inside = match["quoted"] if match["quoted"] is not None else match["single"]
        return [Token("quoted", fold(inside), inside.strip(), start, end, glued=glued)]
    word = fold(match[0])
    if kind in ("word", "short"):
        short = _SHORT_NOT.match(word)
        parts = (short[1], "not") if short else _CONTRACTIONS.get(word, (word,))
        return [Token("word", part, match[0], start, end, glued=glued) for part in parts]
    if kind == "sign" and match[0] == "-" and _joins_letters(text, start):
        return []
    return [
        Token("day" if kind == "day" else "raw" if kind == "raw" else "sign", word, match[0], start, end, glued=glued)
    ]


def _joins_letters(text: str, at: int) -> bool:
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return (before.isalpha() and after.isalpha()) or (before.isdigit() and after.isalpha() and len(after) == 1)
