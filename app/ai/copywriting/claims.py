"""What a message must not say unless the brief does: numbers, prices, dates, codes, and words that promise something.

A claim belongs to a kind; a word of the same kind in the brief allows it, unless the brief denies it ("no discount").
The words are English with the commonest of a few other languages; numbers, percent signs, money and links are checked
whatever the language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.ai.copywriting.claim_words import KINDS
from app.ai.copywriting.figures import Figure, figures, plain_characters

_CLAIMS = {kind: re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE) for kind, words in KINDS.items()}
_ALSO = {
    "something new": re.compile(
        r"\b(?:is|are|now) (?:here|in|available|back|on)\b|\badded\b|\bnow (?:sell|stock)", re.IGNORECASE
    ),
    "a discount": re.compile(r"\boff\b", re.IGNORECASE),
    "a time limit": re.compile(r"\b(?:by|before|only|through) (?:\d|mon|tue|wed|thu|fri|sat|sun|the)", re.IGNORECASE),
}
"""What in a brief allows a kind as well, though in a message it would be no claim by itself."""
_DAYS = re.compile(
    r"(?<!\w)(?:(?P<day>monday|tuesday|wednesday|thursday|friday|saturday|sunday|christmas|easter|diwali|black friday|"
    r"cyber monday|valentine'?s|halloween|thanksgiving|new year'?s?|mother'?s day|father'?s day|ramadan|eid|holi)s?|"
    r"(?P<month>january|february|april|june|july|august|september|october|november|december)|"
    r"(?:(?<=\d )|(?<=in )|(?<=of )|(?<=by )|(?<=until )|(?<=th )|(?<=st ))(?P<also>may|march)|"
    r"(?P<other>may|march)(?= \d))(?!\w)",
    re.IGNORECASE,
)
_SHOUTED = re.compile(r"(?<![\w.])(?=[A-Z0-9-]*[A-Z])[A-Z0-9][A-Z0-9-]{3,}(?![\w.])")
_ADDRESS = re.compile(
    r"https?://[^\s<>\"']+|www\.[^\s<>\"']+|[\w.+-]+@[\w-]+\.[\w.]+|"
    r"(?<![\w@.])(?:[a-z0-9-]+\.)+"
    r"(?:com|net|org|io|shop|store|co|in|de|fr|es|it|eu|uk|us|app|dev|info|biz|me|ly|link)(?!\w)"
    r"(?:/[^\s<>\"']*)?",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:no(?! (?:later|matter))|not(?! only)|(?:don'?t|do not)(?! (?:miss|forget|wait))|without|never|"
    r"avoid|nothing about|skip|leave out|isn'?t|aren'?t|neither|nor|keine?|ohne|sans|pas de|sin)\b[^.;,!?\n]*",
    re.IGNORECASE,
)
_HARMLESS = re.compile(r"\b(?:feel free|happy returns|new year|good deal of|no end|weekends?' end)\b", re.IGNORECASE)
_FREELY = frozenset({"one"})
"""Number words that are no number in most sentences: "one of you", "no one"."""


@dataclass(frozen=True)
class Brief:
    """What the person who asked said, and which claims that allows."""

    text: str
    figures: frozenset[tuple[str, str]]
    kinds: frozenset[str]

    @classmethod
    def of(cls, text: str, *known: str) -> Brief:
        """Read a brief; `known` are further texts whose words and numbers may be used, such as the shop's name."""
        said = "\n".join(plain_characters(part) for part in (text, *known))
        affirmed = _DENIED.sub(" ", said)
        return cls(
            text=affirmed.casefold(),
            figures=frozenset(_key(figure) for figure in figures(affirmed)),
            kinds=frozenset(
                kind
                for kind, words in _CLAIMS.items()
                if words.search(affirmed) or (kind in _ALSO and _ALSO[kind].search(affirmed))
            ),
        )


def unfounded(text: str, brief: Brief) -> str | None:
    """The first thing in `text` that the brief does not say, in words; None when there is nothing."""
    said = plain_characters(text)
    for found in _ADDRESS.finditer(said):
        if found[0].rstrip(".,;:!?)/").casefold() not in brief.text:
            return f"the address {found[0][:80]}"
    for figure in figures(said):
        if _key(figure) not in brief.figures and not (figure.spelled and _word(said, figure) in _FREELY):
            return f"the number “{_word(said, figure)}”"
    for found in _SHOUTED.finditer(said):
        if found[0].casefold() not in brief.text:
            return f"“{found[0][:40]}” in capitals, which reads like a code"
    for found in _DAYS.finditer(said):
        if found[0].casefold() not in brief.text:
            return f"the date “{found[0]}”"
    harmless = _HARMLESS.sub(" ", said)
    for kind, words in _CLAIMS.items():
        if kind not in brief.kinds and (claim := words.search(harmless)):
            return f"{kind} (“{claim[0].strip()}”)"
    return None


def _key(figure: Figure) -> tuple[str, str]:
    return figure.kind, format(figure.value.normalize(), "f")


def _word(text: str, figure: Figure) -> str:
    return text[figure.start : figure.end].strip().casefold()
