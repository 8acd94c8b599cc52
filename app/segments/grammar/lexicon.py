"""Every word the grammar knows, to name those that it does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from types import ModuleType

from app.segments.grammar import (
    comparison,
    consent,
    days,
    fields,
    frames,
    joints,
    leads,
    memberships,
    moments,
    numbers,
    profile,
    purchases,
)
from app.segments.grammar.prompt import Prompt
from app.segments.grammar.tokens import words_of

_TABLES: tuple[ModuleType, ...] = (
    comparison, consent, days, fields, frames, joints, leads, memberships, moments, numbers, profile, purchases,
)  # fmt: skip
OPENERS = (
    "show", "show me", "find", "find me", "list", "get", "get me", "give me", "i want", "i would like", "we want",
    "i need", "please", "select", "target", "all of", "a segment of", "a segment with", "a segment for", "segment of",
    "segment with", "create a segment of", "create a segment for", "create a segment with", "make a segment of",
    "build a segment of", "make a segment with", "build a segment with", "a list of", "list of", "customers :",
    "segment :", "include", "create a segment", "build a segment", "make a segment", "i am looking for",
    "looking for", "let us target", "i want to target", "we want to target", "i want to see", "i would like to see",
)  # fmt: skip
_MORE = "today yesterday tomorrow ago this last next current previous past since it age aged yet so far"
CLOSERS = ("please", ".", "?", "!", "thanks", "thank you", ";")


def past_openers(prompt: Prompt) -> int:
    """Where the description begins, after "show me" and the like."""
    at = 0
    while (after := prompt.skip(at, *OPENERS)) > at:
        at = after
    return at


def unknown_spans(prompt: Prompt) -> tuple[str, ...]:
    """The stretches of a prompt that consist of words the grammar has never heard of."""
    start = past_openers(prompt)
    known = {*_words(), *prompt.names.words(), *_catalogue_words(prompt)}
    spans: list[tuple[int, int]] = []
    for at, token in enumerate(prompt.tokens):
        if (
            at < start
            or token.kind in ("number", "day", "quoted")
            or token.word in known
            or not any(map(str.isalnum, token.word))
        ):
            continue
        if spans and spans[-1][1] == at:
            spans[-1] = (spans[-1][0], at + 1)
        else:
            spans.append((at, at + 1))
    return tuple(prompt.span(start, end) for start, end in spans)


def field_words(prompt: Prompt) -> set[str]:
    """The words in the names of the shop's fields."""
    return {
        word for field in prompt.catalogue.fields.values() for name in fields.names_of(field) for word in words_of(name)
    }


def _catalogue_words(prompt: Prompt) -> set[str]:
    named = (*prompt.catalogue.campaigns.values(), *prompt.catalogue.segments.values())
    return field_words(prompt) | {word for name in named for word in words_of(name)}


@cache
def _words() -> frozenset[str]:
    words = {word for module in _TABLES for table in vars(module).values() for word in _strings(table)}
    return frozenset(words | set(_strings(CLOSERS)) | set(_MORE.split()))


def _strings(table: object) -> Iterable[str]:
    if isinstance(table, Mapping):
        for key, value in table.items():
            yield from key.split() if isinstance(key, str) else ()
            yield from _strings(value) if isinstance(value, tuple) else ()
    elif isinstance(table, tuple | set | frozenset):
        for item in table:
            yield from item.split() if isinstance(item, str) else ()
