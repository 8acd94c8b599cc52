"""The shop's own names in a prompt: cities, tags, categories and other known values, alone or in a list."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from app.segments.catalogue import Catalogue, FieldType
from app.segments.grammar.prompt import Prompt, Remark, Unclear
from app.segments.grammar.tokens import words_of
from models.values import fold

FORMER_NAMES = {
    "bombay": "Mumbai",
    "bangalore": "Bengaluru",
    "calcutta": "Kolkata",
    "madras": "Chennai",
    "poona": "Pune",
    "gurgaon": "Gurugram",
    "mysore": "Mysuru",
    "baroda": "Vadodara",
    "trivandrum": "Thiruvananthapuram",
    "bangaluru": "Bengaluru",
    "the us": "USA",
    "the united states": "USA",
    "the uk": "UK",
    "the uae": "UAE",
    "united states": "USA",
    "united states of america": "USA",
    "united kingdom": "UK",
    "great britain": "UK",
    "britain": "UK",
    "united arab emirates": "UAE",
    "the emirates": "UAE",
    "emirates": "UAE",
}
"""Other names of a place, used where the shop writes the one on the right (Wikipedia, renamed cities of India)."""

GENDERS = (
    (("female", "f", "woman", "women"), ("women", "woman", "female", "females", "ladies", "lady")),
    (("male", "m", "man", "men"), ("men", "man", "male", "males", "gentlemen")),
)
PLACES = ("city", "region", "country")
_PLURALS = ("tags", "category", "product", "source", "channel")


@dataclass(frozen=True)
class Known:
    """A value of the shop, `field` with `order.` before the fields of orders, written up to token `end`."""

    field: str
    value: str
    end: int = 0
    remark: Remark | None = None


@dataclass(frozen=True)
class Listing:
    """Values of one field up to token `end`. `joint` is "and", "or", "both", "either", "nor", or "" for one value."""

    field: str
    values: tuple[str, ...]
    joint: str
    end: int
    remarks: tuple[Remark, ...] = ()


class Names:
    """The values a catalogue knows, by the words that name them."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._entries: dict[str, list[tuple[tuple[str, ...], Known]]] = {}
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
            if known.field in fields and (end := _end(prompt, at, words)) is not None
        ]
        longest = max((hit.end for hit in hits), default=at)
        return list({hit.field: hit for hit in reversed(hits) if hit.end == longest}.values())

    def words(self) -> set[str]:
        """Every word of every value."""
        return {word for entries in self._entries.values() for words, _ in entries for word in words}

    def _add_all(self, field: str, values: Collection[str]) -> None:
        kind = field.rpartition(".")[2]
        folded = {fold(value): value for value in values}
        for value in values:
            self._add(words_of(value), Known(field, value))
            if kind in _PLURALS:
                for other in _numbers_of(words_of(value)):
                    self._add(other, Known(field, value))
        if kind in PLACES:
            for alias, name in FORMER_NAMES.items():
                if fold(name) in folded and fold(alias) not in folded:
                    remark = Remark("place_name", f"“{alias.title()}” is read as {folded[fold(name)]}.")
                    self._add(words_of(alias), Known(field, folded[fold(name)], remark=remark))
        if kind == "gender":
            for spellings, synonyms in GENDERS:
                matching = [folded[spelling] for spelling in spellings if spelling in folded]
                for synonym in synonyms if len(matching) == 1 else ():
                    self._add((synonym,), Known(field, matching[0]))

    def _add(self, words: tuple[str, ...], known: Known) -> None:
        if words and (words, known) not in self._entries.setdefault(words[0], []):
            self._entries[words[0]].append((words, known))


def listing(prompt: Prompt, at: int, fields: Collection[str], *, again: Collection[str] = ()) -> Iterator[Listing]:
    """The list of values that begins here, for each field it may belong to.

    `again` are words that may be said again before a later value, as in "in Delhi or in Pune".
    Raises Unclear when "and" and "or" are mixed inside one list.
    """
    start = prompt.skip(at, "either", "both", "neither", "any of", "one of")
    opening = prompt.word(at) if start > at else ""
    for first in prompt.names.at(prompt, start, fields):
        yield _rest(prompt, first, opening, again, start)


def _rest(prompt: Prompt, first: Known, opening: str, again: Collection[str], start: int) -> Listing:
    values, remarks, joints, end = [first.value], [first.remark], set(), first.end
    while True:
        joint, after = _joint(prompt, end)
        if not joint:
            break
        hits = prompt.names.at(prompt, prompt.skip(after, *again), [first.field])
        if not hits:
            break
        values.append(hits[0].value)
        remarks.append(hits[0].remark)
        joints.add(joint)
        end = hits[0].end
    if {"and", "or"} <= joints:
        text = prompt.span(start, end)
        raise Unclear(f"“{text}” mixes “and” with “or”. Which of them belong together? Brackets help.", [text])
    spoken = joints - {","}
    joint = "either" if opening in ("any", "one") else opening or (spoken.pop() if spoken else "or" if joints else "")
    if opening == "neither" or "nor" in joints:
        joint = "nor"
    return Listing(first.field, tuple(dict.fromkeys(values)), joint, end, tuple(item for item in remarks if item))


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
