"""What stands between two conditions: and, or, but, except, a comma, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from app.segments.grammar.prompt import Prompt

Kind: TypeAlias = Literal["", ",", "and", "or", "but", "except"]

_EXCEPT: dict[str, Kind] = {
    f"{before}{phrase}": "except"
    for before in ("", ", ", "but ", "and ", ", but ", ", and ")
    for phrase in (
        "except",
        "except for",
        "excluding",
        "exclude",
        "excepting",
        "other than",
        "apart from",
        "leaving out",
        "leave out",
        "not including",
        "with the exception of",
    )
}
_NOT_THOSE: dict[str, Kind] = {
    f"{but} not {noun}": "except"
    for but in ("but", ", but", "and", ", and")
    for noun in ("those", "the ones", "people", "customers")
}
_TABLE: dict[str, Kind] = {
    "and": "and",
    "&": "and",
    ", and": "and",
    "and also": "and",
    "as well as": "and",
    ", as well as": "and",
    "or": "or",
    ", or": "or",
    "or else": "or",
    "but": "but",
    ", but": "but",
    "but also": "but",
    "yet": "but",
    ",": ",",
    ";": ",",
    "; and": "and",
    "; or": "or",
    "; but": "but",
    **_EXCEPT,
    **_NOT_THOSE,
}

JUXTAPOSED = (
    "in", "from", "who", "that", "with", "without", "whose", "having", "tagged", "aged", "living", "based", "located",
    "older", "younger", "not", "labelled", "which", "born", "between", "on", "using",
)  # fmt: skip
"""Words that may begin a condition right after another one."""


@dataclass(frozen=True)
class Joint:
    """One joint between tokens `start` and `end`."""

    kind: Kind
    end: int
    start: int = 0


def joint_at(prompt: Prompt, at: int) -> Joint:
    """The longest joint that stands here; its kind is empty when there is none."""
    known = prompt.lookup(at, _TABLE)
    return Joint(known[0], known[1], at) if known else Joint("", at, at)


WORDS = {word for phrase in _TABLE for word in phrase.split()} | set(JUXTAPOSED)
