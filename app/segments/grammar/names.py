"""The shop's own names in a prompt: cities, tags, categories and other known values, alone or in a list."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from app.segments.catalogue import Catalogue, FieldType
from app.segments.grammar.countries import adjectives_of_country, code_of, names_of_country
from app.segments.grammar.field_names import by_first_word
from app.segments.grammar.other_names import FORMER_NAMES, GENDERS
from app.segments.grammar.prompt import Prompt, Remark, Unclear
from app.segments.grammar.tokens import words_of
from models.values import fold

PLACES = ("city", "region", "country")
NATIONALITY = "nationality"
"""Not a field: the adjective of a country, which stands before a noun and never after "in"."""
_PLURALS = ("tags", "category", "product", "source", "channel")


@dataclass(frozen=True)
class Known:
    """A value of the shop, `field` with `order.` before the fields of orders, written up to token `end`."""

    field: str
    value: str
    end: int = 0
    remark: Remark | None = None
    also: tuple[str, ...] = ()
    """Other spellings the shop has for the same thing: "IN" beside "India"."""
    code: bool = False
    """A code of two letters, which is meant only where it is written in capitals: "IN" is not "in"."""


@dataclass(frozen=True)
class Listing:
    """Values of one field up to token `end`. `joint` is "and", "or", "both", "either", "" for one value, "nor", or
    "nor again" where the denial stands before the list."""

    field: str
    values: tuple[str, ...]
    joint: str
    end: int
    remarks: tuple[Remark, ...] = ()
    commas: bool = False
    """Whether nothing but commas joins the values: "Tea, Coffee", which is no more "or" than "and"."""


class Names:
    """The values a catalogue knows, by the words that name them."""

    _kept: ClassVar[tuple[Catalogue, Names] | None] = None

    @classmethod
    def of(cls, catalogue: Catalogue) -> Names:
        """The names of a catalogue, kept for the one used last: building them costs more than reading a prompt."""
        kept = cls._kept
        if kept is None or kept[0] is not catalogue:
            kept = cls._kept = (catalogue, cls(catalogue))
        return kept[1]

    def __init__(self, catalogue: Catalogue) -> None:
        self._entries: dict[str, list[tuple[tuple[str, ...], Known]]] = {}
        self.fields = by_first_word(catalogue.fields)
        for name, field in catalogue.fields.items():
            if field.type in (FieldType.TEXT, FieldType.ENUM, FieldType.TAGS):
                self._add_all(name, field.values)
        for name, field in catalogue.order_fields.items():
            self._add_all(f"order.{name}", field.values)

    def at(self, prompt: Prompt, at: int, fields: Collection[str]) -> list[Known]:
        """The longest value of these fields that stands here, once for each field that has it."""
        token = prompt.token(at)
        if token is None:
            return []
        first = words_of(token.text)[:1] if token.kind == "quoted" else (token.word,)
        hits = [
            replace(known, end=end)
            for words, known in self._entries.get(first[0] if first else "", ())
            if known.field in fields
            and (end := _end(prompt, at, words)) is not None
            and (not known.code or _in_capitals(prompt, at))
        ]
        longest = max((hit.end for hit in hits), default=at)
        return list({hit.field: hit for hit in reversed(hits) if hit.end == longest}.values())

    def words(self) -> set[str]:
        """Every word of every value."""
        return {word for entries in self._entries.values() for words, _ in entries for word in words}

    def _add_all(self, field: str, values: Collection[str]) -> None:
        kind = field.rpartition(".")[2]
        folded = {fold(value): value for value in values}
        if kind == "country":
            self._add_countries(field, values)
        for value in () if kind == "country" else values:
            self._add(words_of(value), Known(field, value))
            if value == "cancelled":
                self._add(("canceled",), Known(field, value))
            if kind in _PLURALS:
                for other in _numbers_of(words_of(value)):
                    self._add(other, Known(field, value))
        if kind in PLACES:
            for alias, name in FORMER_NAMES.items():
                if fold(name) in folded and fold(alias) not in folded:
                    remark = _place_remark(alias, folded[fold(name)])
                    self._add(words_of(alias), Known(field, folded[fold(name)], remark=remark))
        if kind == "gender":
            for spellings, synonyms in GENDERS:
                matching = [folded[spelling] for spelling in spellings if spelling in folded]
                for synonym in synonyms if matching else ():
                    self._add((synonym,), Known(field, matching[0], also=tuple(matching[1:])))

    def _add_countries(self, field: str, values: Collection[str]) -> None:
        """Each country under all its names, whichever of them the shop stores."""
        cities = self._places()
        spellings: dict[str, list[str]] = {}
        for value in values:
            spellings.setdefault(code_of(value) or fold(value), []).append(value)
        for code, stored in spellings.items():
            first, also = stored[0], tuple(stored[1:])
            for value in stored:
                self._add(words_of(value), Known(field, first, also=also, code=_is_bare_code(value)))
            written = {fold(value) for value in stored}
            for name in names_of_country(code) if code.isupper() else ():
                if name not in written and words_of(name) not in cities:
                    remark = _place_remark(name, first)
                    self._add(words_of(name), Known(field, first, remark=remark, also=also))
            if code.isupper():
                self._add((code.lower(),), Known(field, first, remark=_place_remark(code, first), also=also, code=True))
                self._add_adjectives(code, first, also)

    def _add_adjectives(self, code: str, first: str, also: tuple[str, ...]) -> None:
        for word in adjectives_of_country(code):
            remark = Remark("place_name", f"“{word.title()}” is read as living in {first}.")
            self._add(words_of(word), Known(NATIONALITY, first, remark=remark, also=also))

    def _places(self) -> set[tuple[str, ...]]:
        """The names of cities and regions, which a country's other names must not take."""
        return {
            words for entries in self._entries.values() for words, known in entries if known.field in ("city", "region")
        }

    def _add(self, words: tuple[str, ...], known: Known) -> None:
        if words and (words, known) not in self._entries.setdefault(words[0], []):
            self._entries[words[0]].append((words, known))


def listing(prompt: Prompt, at: int, fields: Collection[str], *, again: Collection[str] = ()) -> Iterator[Listing]:
    """The list of values that begins here, for each field it may belong to.

    `again` are words that may be said again before a later value, as in "in Delhi or in Pune".
    Raises Unclear when "and" and "or" are mixed inside one list.
    """
    start = prompt.skip(at, "either", "both", "neither", "any of", "one of", "all of")
    opening = prompt.word(at) if start > at else ""
    for first in prompt.names.at(prompt, start, fields):
        found = _rest(prompt, first, opening, again, start)
        if len(found.values) > 1 or opening not in ("both", "neither"):
            yield found


def _rest(prompt: Prompt, first: Known, opening: str, again: Collection[str], start: int) -> Listing:
    values, remarks, joints, end = [first.value, *first.also], [first.remark], set(), first.end
    while True:
        joint, after = _joint(prompt, end)
        if not joint:
            break
        hits = prompt.names.at(prompt, prompt.skip(after, *again), [first.field])
        if not hits:
            break
        values.extend((hits[0].value, *hits[0].also))
        remarks.append(hits[0].remark)
        joints.add(joint)
        end = hits[0].end
    if {"and", "or"} <= joints:
        text = prompt.span(start, end)
        raise Unclear(f"“{text}” mixes “and” with “or”. Which of them belong together? Brackets help.", [text])
    spoken = joints - {","}
    opening = {"any": "either", "one": "either", "all": "both"}.get(opening, opening)
    joint = opening or (spoken.pop() if spoken else "or" if joints else "")
    if opening == "neither":
        joint = "nor"
    elif "nor" in joints:
        joint = "nor again"
    kept = tuple(item for item in remarks if item)
    return Listing(first.field, tuple(dict.fromkeys(values)), joint, end, kept, commas=joints == {","} and not opening)


def _joint(prompt: Prompt, at: int) -> tuple[str, int]:
    start = prompt.skip(at, ",")
    word = prompt.word(start)
    if word in ("and", "or", "nor"):
        return word, start + 1
    if word in ("&", "/") and start == at:
        return {"&": "and", "/": "or"}[word], start + 1
    return (",", start) if start > at else ("", at)


def _end(prompt: Prompt, at: int, words: tuple[str, ...]) -> int | None:
    token = prompt.token(at)
    if token is not None and token.kind == "quoted":
        return at + 1 if words_of(token.text) == words else None
    here = prompt.tokens[at : at + len(words)]
    fits = (
        tuple(item.word + item.suffix.lower() for item in here) == words or tuple(item.word for item in here) == words
    )
    return at + len(words) if fits and all(item.kind != "quoted" for item in here) else None


def _in_capitals(prompt: Prompt, at: int) -> bool:
    """Whether a token is in capitals in a prompt that is not all in capitals."""
    token = prompt.tokens[at]
    return token.kind == "quoted" or (token.text.isupper() and (not prompt.text.isupper() or len(prompt) == 1))


def _is_bare_code(value: str) -> bool:
    return len(value) == 2 and fold(value) != "uk"


def _place_remark(said: str, meant: str) -> Remark:
    name = said.upper() if len(said) <= 3 else said.title()
    return Remark("place_name", f"“{name}” is read as {meant}.")


def _numbers_of(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The plural of a name, or its singular when it is one already."""
    if not words or not words[-1].isalpha() or len(words[-1]) < 3:
        return
    *head, last = words
    if last.endswith("ies") and len(last) > 4:
        yield (*head, last[:-3] + "y")
    if last.endswith("s") and not last.endswith("ss") and len(last) > 3:
        yield (*head, last[:-1])
    elif last.endswith("y") and last[-2] not in "aeiou":
        yield (*head, last[:-1] + "ies")
    elif not last.endswith("s"):
        yield (*head, last + ("es" if last.endswith(("x", "ch", "sh", "ss")) else "s"))
