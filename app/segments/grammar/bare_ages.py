"""A number that is an age by whom it is said of: "people under 30", "are over 40", "men between 25 and 40"."""

from __future__ import annotations

from app.segments.grammar.comparison import BEFORE, Comparison, comparison
from app.segments.grammar.numbers import count
from app.segments.grammar.prompt import Prompt
from app.segments.grammar.purchase_words import NOUNS as ORDERS

_PERSONS = (
    "people", "person", "persons", "everyone", "everybody", "anyone", "anybody", "someone", "folks", "individuals",
    "those", "adults",
)  # fmt: skip
"""Nouns for human beings. Not "customers": over 50 of what, orders or money, would be a fair question there."""
_NAMED = (*_PERSONS, "customers", "customer", "users", "clients", "contacts", "consumers", "profiles", "patrons")
_COPULAS = ("are", "is", "be", "being")
_JOINTS = ("and", "or", "but", ",", "(", "[", "either", "yet", "nor", "neither")
_OPENERS = ("who", "they", "show", "find", "list", "me", "all", "get", "select")
_BETWEEN = ("not", "also", "either", "neither", "all", "currently", "still")
_AMONG_TRAITS = ("and", "or", ",", "in", "from", "tagged", "living", "based", "not")
_LEGAL_AGES = (13, 16, 18, 21)
_ENDS = (
    "", ",", ")", "]", ".", "?", "!", ";", "in", "from", "who", "and", "or", "but", "with", "living", "tagged", "based",
    "except", "excluding", "that", "which", "not", "having", "whose",
)  # fmt: skip


def is_of_person(prompt: Prompt, at: int, read: Comparison) -> bool:
    """Whether the numbers read at a token are ages, since only a person's age can be meant.

    `at` is where the comparison begins. Numbers outside 12 to 99 (110 after a gender or a form of "to be") and those
    with a scale, a currency or a unit are never taken for ages.
    """
    gender = _gender_before(prompt, at)
    surely = gender or _is_said_of_people(prompt, at)
    oldest = 110 if surely else 99
    if not all(12 <= item.value <= oldest and item.scale == 1 for item in read.numbers) or not read.explicit:
        return False
    if _for_grown_ups(prompt, read):
        return True
    if prompt.word(read.end) not in _ENDS or _shares_a_unit(prompt, read.end):
        return False
    return surely or prompt.word(at - 1) in _PERSONS or _describes_person(prompt, at)


def other_ages(prompt: Prompt, at: int) -> Comparison | None:
    """The second half of "under 30 or over 60", without a unit of its own."""
    if prompt.word(at) != "or" or prompt.lookup(at + 1, BEFORE) is None:
        return None
    read = comparison(prompt, at + 1, count)
    if read is None or not read.explicit or not all(12 <= item.value <= 110 for item in read.numbers):
        return None
    fits = prompt.word(read.end) in _ENDS and all(item.scale == 1 for item in read.numbers)
    return read if fits and not _shares_a_unit(prompt, read.end) else None


def _gender_before(prompt: Prompt, at: int) -> bool:
    return at > 0 and bool(prompt.names.at(prompt, at - 1, ["gender"]))


def _describes_person(prompt: Prompt, at: int) -> bool:
    """In "women or under 25", "women in Pune under 30" and "are in Delhi and over 40" only traits stand in between."""
    traits = prompt.names.words()
    for here in range(at - 1, -1, -1):
        word = prompt.word(here)
        if _gender_before(prompt, here + 1) or word in _PERSONS:
            return True
        if word in _COPULAS:
            return _subject_is_people(prompt, here)
        if word not in traits and word not in _AMONG_TRAITS:
            return False
    return False


def _for_grown_ups(prompt: Prompt, read: Comparison) -> bool:
    """18+ only."""
    ages = [item.value for item in read.numbers]
    return prompt.word(read.end) == "only" and prompt.word(read.end - 1) == "+" and ages[0] in _LEGAL_AGES


def _shares_a_unit(prompt: Prompt, at: int) -> bool:
    """Whether another number follows that has a unit for both, as in "over 20 or under 50 orders"."""
    if prompt.word(at) not in ("and", "or", "but", ","):
        return False
    after = prompt.skip(at, ", and", ", or", ", but", "and", "or", "but", ",")
    other = comparison(prompt, after, count)
    return other is not None and prompt.word(other.end) not in (*_ENDS, "years", "year", "yrs", "yo")


def _is_said_of_people(prompt: Prompt, at: int) -> bool:
    """Whether "are" or "is" before a token has people for its subject: "who are", "and are", "anyone who is"."""
    verb = at - 1
    while prompt.word(verb) in _BETWEEN:
        verb -= 1
    return prompt.word(verb) in _COPULAS and _subject_is_people(prompt, verb)


def _subject_is_people(prompt: Prompt, verb: int) -> bool:
    before = prompt.word(verb - 1)
    if before in ("that", "which"):
        return _person(prompt, verb - 2)
    if before in ("who", "they") or _person(prompt, verb - 1):
        return True
    return (verb == 0 or before in _JOINTS or before in _OPENERS) and _all_of_people(prompt, verb)


def _person(prompt: Prompt, at: int) -> bool:
    word = prompt.word(at)
    return word in _NAMED or (at >= 0 and bool(prompt.names.at(prompt, at, ["gender"])))


def _all_of_people(prompt: Prompt, end: int) -> bool:
    """Whether no clause before a joint speaks of things, which "and are under 50" might go on with."""
    for at in range(end):
        word = prompt.word(at)
        thing = word in ("that", "which") and not _person(prompt, at - 1)
        before = prompt.word(at - 1)
        begins = at == 0 or before in (*_JOINTS, *_OPENERS, "that", "which", *_BETWEEN) or _person(prompt, at - 1)
        of_thing = word in (*_COPULAS, "was", "were") and not begins
        if word == "whose" or thing or of_thing or (word in ORDERS and before in ("of", "total")):
            return False
    return True
