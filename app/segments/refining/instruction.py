"""How the words begin tells what they ask: to add, widen, remove, set, swap or turn the rule round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from app.segments.grammar.leads import NOUNS
from app.segments.grammar.lexicon import CLOSERS
from app.segments.grammar.prompt import Prompt

Kind: TypeAlias = Literal["", "and", "or", "remove", "without", "set", "swap", "opposite"]

_POLITE = (
    "please", "now", "ok", "okay", "actually", "then", "can you", "could you", "hmm", "no ,", "yes ,", ",", "just",
)  # fmt: skip
_OPPOSITE = (
    "the opposite", "invert", "invert it", "invert this", "everyone else", "everybody else", "negate it",
    "reverse it", "the others", "all the others", "all others", "do the opposite",
)  # fmt: skip
_REMOVE = (
    "remove", "drop", "delete", "forget", "forget about", "take out", "take away", "get rid of", "lose", "ignore",
    "clear", "discard", "no longer", "regardless of", "no matter", "i do not care about", "do not care about",
    "leave out", "skip", "remove also", "also remove", "also drop", "and remove", "and drop", "do not filter by",
    "never mind",
)  # fmt: skip
_WITHOUT = (
    "without", "but without", "and without", "also without", "only without", "any", "in any", "from any", "of any",
)  # fmt: skip
_SET = (
    "make it", "make that", "make this", "set it to", "change it to", "change that to", "make them", "raise it to",
    "increase it to", "lower it to", "reduce it to", "decrease it to", "extend it to", "shorten it to", "use",
    "let it be", "it should be", "should be", "rather", "better", "bring it to", "make it to", "and make it",
    "but make it", "cut it to", "set that to", "move it to", "no ,",
)  # fmt: skip
_SET_NAMED = (
    "make the", "set the", "change the", "raise the", "increase the", "lower the", "reduce the", "extend the",
    "decrease the", "shorten the", "make", "set", "change", "raise", "lower", "increase", "reduce",
)  # fmt: skip
_SWAP = ("change", "replace", "swap", "switch", "turn")
_OR = (
    "or", "or also", "or else", "or even", "also include", "include also", "include", "and include",
    "and also include", "as well as", "also allow", "allow", "or those", "extend to", "widen to", "plus those",
    "plus people", "plus customers", "plus everyone", "add people", "add everyone", "add customers", "add those",
    "and those",
)  # fmt: skip
_AND = (
    "and", "and also", "also", "also only", "only", "but only", "but", "but also", "who also", "who are also",
    "and only", "restrict to", "restrict it to", "limit to", "limit it to", "limit this to", "narrow to",
    "narrow it to", "narrow down to", "narrow it down to", "keep only", "only keep", "only those", "only people",
    "only customers", "only the ones", "add that they", "add that", "add", "they also", "they must also", "they must",
    "they should also", "they should", "which", "with only", "additionally", "of those", "of these", "of them",
    "among them", "among those", "but only those", "but only people", "restricted to", "limited to", "filter to",
    "filter by", "filter for", "just those", "just the ones", "just people", "and who also", "where they", "exclude",
    "but exclude", "and exclude", "also exclude", "excluding", "except", "except for", "but not", "and not", "not",
    "also not", "but no", "leaving out", "those", "also those",
)  # fmt: skip
_EXCLUDES = (
    "exclude", "but exclude", "and exclude", "also exclude", "excluding", "except", "except for", "leaving out",
)  # fmt: skip


@dataclass(frozen=True)
class Instruction:
    """What is asked, from token `start` to `end`. `excludes`: the words name who is to be left out.

    `named` is what "make the X 5" names, as tokens; `lead` what stood before `start`, for messages; `from_` and `to`
    are the two sides of "change A to B", as tokens.
    """

    kind: Kind
    start: int
    end: int
    excludes: bool = False
    lead: str = ""
    named: tuple[int, int] | None = None
    from_: tuple[int, int] | None = None
    to: tuple[int, int] | None = None
    widening: bool = False
    """Whether the words speak of more people, as "add people in Delhi"."""


def instruction_of(prompt: Prompt) -> Instruction:
    """Read the first words; `kind` is "" where they are a plain description."""
    at, end = 0, _end(prompt)
    while (after := prompt.skip(at, *_POLITE)) > at:
        at = after
    after = prompt.skip(at, *_OPPOSITE)
    if after > at and after >= end:
        return Instruction("opposite", after, end)
    found = _swap(prompt, at, end) or _set(prompt, at, end)
    if found is not None:
        return found
    best: tuple[Kind, int] = ("", at)
    tables: tuple[tuple[Kind, tuple[str, ...]], ...] = (
        ("remove", _REMOVE), ("without", _WITHOUT), ("or", _OR), ("and", _AND),
    )  # fmt: skip
    for kind, phrases in tables:
        after = prompt.skip(at, *phrases)
        if after > best[1]:
            best = (kind, after)
    kind, start = best
    if kind == "" or start >= end:
        return Instruction("", at, end)
    excludes = prompt.skip(at, *_EXCLUDES) == start
    lead = prompt.span(at, start)
    if (kind == "and" and prompt.word(start - 1) in ("not", "no")) or (
        kind in ("and", "or") and prompt.word(start - 1) in (*NOUNS, "which")
    ):
        start -= 1
    return Instruction(kind, start, end, excludes=excludes, lead=lead)


def _end(prompt: Prompt) -> int:
    end = len(prompt)
    while True:
        closing = next((n for n in (3, 2, 1) if end >= n and prompt.skip(end - n, *CLOSERS, ",") == end), 0)
        if not closing:
            return end
        end -= closing


def _find(prompt: Prompt, start: int, end: int, *phrases: str) -> tuple[int, int] | None:
    for at in range(start, end):
        after = prompt.skip(at, *phrases)
        if after > at:
            return at, after
    return None


def _swap(prompt: Prompt, at: int, end: int) -> Instruction | None:
    """Change A to B, replace A with B, B instead of A, instead of A B."""
    instead = _find(prompt, at, end, "instead of", "rather than", "in place of")
    if instead is not None:
        first, after = instead
        if first > at:
            start = prompt.skip(at, *_SET, *_AND, "use", "take")
            if start < first:
                return Instruction("swap", start, end, from_=(after, end), to=(start, first))
        comma = _find(prompt, after, end, ",", "use", "take", "make it")
        if first == at and comma is not None and comma[1] < end:
            return Instruction("swap", at, end, from_=(after, comma[0]), to=(comma[1], end))
    start = prompt.skip(at, *_SWAP)
    if start > at and prompt.word(start) not in ("it", "that", "this", "them"):
        joint = _find(prompt, start, end, "to", "with", "by", "for", "into")
        if joint is not None and joint[1] < end and joint[0] > start:
            return Instruction("swap", start, end, from_=(start, joint[0]), to=(joint[1], end))
    return None


def _set(prompt: Prompt, at: int, end: int) -> Instruction | None:
    """Make it B, make the X B, B instead."""
    last = prompt.word(end - 1)
    if last == "instead" and end - 1 > at:
        start = prompt.skip(at, *_SET, "but", "only", "and")
        return Instruction("set", start, end - 1)
    start = prompt.skip(at, "instead", "instead ,")
    if start > at and start < end:
        return Instruction("set", prompt.skip(start, *_SET), end)
    start = prompt.skip(at, *_SET)
    if start > at and start < end:
        return Instruction("set", start, end)
    start = prompt.skip(at, *_SET_NAMED)
    if start > at and start < end:
        return Instruction("set", start, end, named=(start, end))
    return None
