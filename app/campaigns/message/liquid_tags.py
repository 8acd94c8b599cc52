"""A look at a template's tags before Liquid reads it, in time that grows with its length alone.

python-liquid's lexer is one regular expression that goes back and forth: 64 KB of `{{` keep it busy for minutes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MOST_TAGS = 1_000
"""In one template: about half a second of reading."""

MOST_BLANKS = 100
"""In a row within one tag: the lexer's time grows with the square of it."""

_OPENING = re.compile(r"\{\{|\{%")
_BLANKS = re.compile(r"\s+")
_VERBATIM = re.compile(r"\{%-?\s*(raw|doc)\s*-?%\}")


class Fault(NamedTuple):
    """What is wrong with a tag, and where it begins."""

    start: int
    message: str


def fault_in(source: str, *, most_tags: int = MOST_TAGS) -> Fault | None:
    """The first tag that never ends, that holds a long run of blanks, or that is one too many; None when all can be
    read in good time.
    """
    place, tags = 0, 0
    while found := _OPENING.search(source, place):
        tags += 1
        if tags > most_tags:
            return Fault(found.start(), f"is one tag too many; a message may hold {most_tags:,}")
        closing = "}}" if found[0] == "{{" else "%}"
        end = source.find(closing, found.end())
        if end < 0:
            return Fault(found.start(), f"expected '{closing}', found end of file")
        place = end + 2
        if any(blank.end() - blank.start() > MOST_BLANKS for blank in _BLANKS.finditer(source, found.end(), end)):
            return Fault(found.start(), f"holds more than {MOST_BLANKS} blanks in a row")
        verbatim = _VERBATIM.match(source, found.start(), place)
        if verbatim:
            closed = re.compile(rf"\{{%-?\s*end{verbatim[1]}\s*-?%\}}").search(source, place)
            if closed is None:
                return Fault(found.start(), f"expected tag end{verbatim[1]}, found end of file")
            place = closed.end()
    return None
