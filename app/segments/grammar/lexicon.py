"""Every word the grammar knows, to name those that it does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module

from app.segments.grammar.field_names import names_of
from app.segments.grammar.leads import NOUNS, THINGS
from app.segments.grammar.prompt import Prompt
from app.segments.grammar.tokens import words_of
from app.segments.grammar.vague import vague_question

_TABLES = (
    "addresses", "ages", "ago", "bare_ages", "comparison", "complements", "consent", "dates", "days", "durations",
    "fields", "frames", "joints", "leads", "memberships", "mishaps", "moments", "moment_words", "numbers", "products",
    "profile", "purchases", "purchase_words", "sources", "spending", "times",
)  # fmt: skip
"""Modules whose tables hold the words of the language. By name: functions of the same name hide some of them."""
_ASKING = (
    "show", "show me", "find", "find me", "list", "list out", "get", "get me", "give me", "i want", "i would like",
    "we want", "i need", "we need", "select", "target", "pull", "pull up", "fetch", "include", "filter", "filter for",
    "filter by", "i am looking for", "looking for", "let us target", "let's target", "i want to target",
    "we want to target", "i want to see", "i would like to see", "can you find", "can you show", "can you show me",
    "can you find me", "could you find", "could you show me", "can you list", "can you get", "can you give me",
    "please show me", "i want to find", "help me find", "help me target", "build", "create", "make", "build me",
    "create me", "i want to reach", "we want to reach", "we would like", "i wish to target", "identify", "display",
    "search for", "look for", "return", "choose", "pick", "pick out", "i'd like", "show only", "who are",
    "can you", "could you", "would you", "can we", "need", "we would like to see", "make me", "pull me",
    "get us all", "give us", "find us", "get us", "i want to message", "tell me", "can i see", "can i get",
    "can i have",
    "let me see", "we are looking for", "i need to find",
)  # fmt: skip
_GROUPS = (
    "all of", "a segment of", "a segment with", "a segment for", "segment of", "segment with", "segment for",
    "a segment", "a list of", "list of", "customers :", "segment :", "audience of", "an audience of", "audience :",
    "the segment of", "a group of", "a segment that has", "a segment containing", "the list of", "a list with",
    "an audience with", "those", "out of all", "my", "a cohort of", "cohort of", "a segment where", "where",
    *(
        f"{who}{meet}{what}"
        for who in ("", "customers that ", "customers who ", "people that ", "people who ", "customers ", "those who ")
        for meet in ("meet ", "match ", "meeting ", "matching ", "fulfil ")
        for what in ("all of", "all of these", "all of the following", "all these", "all", "these", "the following")
    ),
    "all of these", "all of the following", "all the following", "the following", "new segment",
)  # fmt: skip
_POLITE = (
    "please", "pls", "kindly", "hi", "hello", "hey", "now", "just", ",", ":", "okay", "ok", "so", "well", "also",
    "team", "all", "there", "guys", "good morning", "quick one",
)  # fmt: skip
OPENERS = (*_ASKING, *_GROUPS, *_POLITE)
_MORE = "today yesterday tomorrow ago this last next current previous past since it age aged yet so far"
CLOSERS = ("please", "pls", ".", "?", "!", "thanks", "thank you", ";", ", please", ", thanks", ":)", "thx", "cheers")


def past_openers(prompt: Prompt) -> int:
    """Where the description begins, after "show me" and the like."""
    at = 0
    while (after := prompt.skip(at, *OPENERS)) > at and not _all_things(prompt, at, after):
        at = after
    return _past_label(prompt, at)


def _all_things(prompt: Prompt, at: int, end: int) -> bool:
    """Whether these words say "all" of orders or campaigns, where it is no mere opening: "all orders online"."""
    if not any(prompt.word(here) in ("all", "every", "each") for here in range(at, end)):
        return False
    things = next((end + n for n in range(4) if prompt.word(end + n) in THINGS), end - 1)
    return not any(prompt.word(here) in _PEOPLE for here in range(end, things)) and things >= end


def _past_label(prompt: Prompt, at: int) -> int:
    """After "lapsed customers:", a name that what follows explains; the place itself where there is none.

    Only vague words with a noun are such a name: "women: over 40" says something before the colon.
    """
    colon = next((here for here in range(at, min(at + 5, len(prompt))) if prompt.word(here) == ":"), at)
    words = [prompt.word(here) for here in range(at, colon)]
    vague = [word for word in words if vague_question(word) is not None and word not in _COUNTING]
    return colon + 1 if vague and all(word in vague or word in _LABELLED for word in words) else at


_PEOPLE = ("with", "without", "who", "whose", "that", "which", "having", ",", "in", "those", *NOUNS)
"""What stands between "all" and the orders of people: "all with 3 orders"."""
_COUNTING = ("few", "several", "some", "couple", "many", "much", "lot", "lots", "half", "third", "multiple")
_LABELLED = ("customers", "customer", "people", "buyers", "shoppers", "users", "our", "the", "all", "clients")


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
    return {word for field in prompt.catalogue.fields.values() for name in names_of(field) for word in words_of(name)}


def _catalogue_words(prompt: Prompt) -> set[str]:
    named = (*prompt.catalogue.campaigns.values(), *prompt.catalogue.segments.values())
    return field_words(prompt) | {word for name in named for word in words_of(name)}


@cache
def _words() -> frozenset[str]:
    modules = [import_module(f"{__package__}.{name}") for name in _TABLES]
    words = {word for module in modules for table in vars(module).values() for word in _strings(table)}
    return frozenset(words | set(_strings(CLOSERS)) | set(_MORE.split()))


def _strings(table: object) -> Iterable[str]:
    if isinstance(table, Mapping):
        for key, value in table.items():
            yield from key.split() if isinstance(key, str) else ()
            yield from _strings(value) if isinstance(value, tuple) else ()
    elif isinstance(table, tuple | set | frozenset):
        for item in table:
            yield from item.split() if isinstance(item, str) else ()
