"""What the readers pass around: the prompt with its catalogue, what they found, and how they give up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from app.segments.catalogue import Catalogue
from app.segments.grammar.tokens import Token, words_of

if TYPE_CHECKING:
    from app.segments.grammar.names import Names

Node: TypeAlias = dict[str, Any]
"""A rule in JSON, as `parse_rule` takes it."""

Meaning = TypeVar("Meaning")


@dataclass(frozen=True)
class Remark:
    """Something assumed. `swap` is (node, what stands in its place if the other choice is taken)."""

    code: str
    text: str
    swap: tuple[Node, Node] | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """One condition read from the prompt up to token `end`.

    `kind` is what the condition is about; `negated`, `timed` (it carries a time frame) and `loose` (one such as "within
    7 days") decide whether a neighbour could be read in two ways; `campaign` is the id of the campaign named last.
    """

    node: Node
    end: int
    kind: str
    remarks: tuple[Remark, ...] = ()
    negated: bool = False
    timed: bool = False
    loose: bool = False
    campaign: str | None = None


@dataclass(frozen=True, kw_only=True)
class Lead:
    """The words before a condition: "who have not ..." up to token `end`.

    `negation` is "not", "no", "without", "never", "non" or "except"; `auxiliary` tells that a verb form is bound to it
    ("have", "did"); `subject` that a new noun began ("people"), `relative` that "who" or the like did, `past` that it
    says "was" or "were"; `neither` that the denial is a "neither", which a "nor" goes with.
    """

    end: int
    negation: str = ""
    auxiliary: bool = False
    subject: bool = False
    relative: bool = False
    past: bool = False
    neither: bool = False
    campaign: str | None = None

    @property
    def negated(self) -> bool:
        """Whether the condition is denied."""
        return bool(self.negation)

    @property
    def verbal(self) -> bool:
        """Whether a verb may follow: "no", "without" and "non" deny nouns only."""
        return self.negation not in ("no", "without", "non")


class Unclear(Exception):
    """The words are known but mean two things, or nothing exact; `question` asks for what is missing.

    `final` tells that no answer would help: no rule can say this, and `question` is the reason.
    """

    def __init__(self, question: str, spans: Iterable[str] = (), *, final: bool = False) -> None:
        super().__init__(question)
        self.question = question
        self.spans = tuple(spans)
        self.final = final


@dataclass(frozen=True)
class Prompt:
    """A prompt in tokens, the catalogue it is read against, and today's date in the shop's zone."""

    text: str
    tokens: tuple[Token, ...]
    catalogue: Catalogue
    today: date
    names: Names

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The folded word of every token; a quoted token is never a word of the language, so it is empty."""
        return tuple("" if token.kind == "quoted" else token.word + token.suffix.lower() for token in self.tokens)

    def word(self, at: int) -> str:
        """The folded word at a token, "" beyond the ends."""
        return self.words[at] if 0 <= at < len(self.words) else ""

    def token(self, at: int) -> Token | None:
        """The token, None beyond the ends."""
        return self.tokens[at] if 0 <= at < len(self.tokens) else None

    def skip(self, at: int, *phrases: str) -> int:
        """The end of the longest of these phrases that stands here; `at` itself when none does."""
        likely = _by_first_word(phrases).get(self.word(at), ())
        return max((at + len(phrase) for phrase in likely if self.words[at : at + len(phrase)] == phrase), default=at)

    def has(self, at: int, *phrases: str) -> bool:
        """Whether one of these phrases stands here."""
        return self.skip(at, *phrases) > at

    def lookup(self, at: int, table: Mapping[str, Meaning]) -> tuple[Meaning, int] | None:
        """The meaning of the longest phrase of the table that stands here, and where it ends."""
        end = self.skip(at, *table)
        return (table[" ".join(self.words[at:end])], end) if end > at else None

    def name(self, at: int, names: Mapping[str, Meaning]) -> tuple[Meaning, int] | None:
        """Like `lookup` for names of the shop's own, in quotes or without, whatever their case."""
        best: tuple[Meaning, int] | None = None
        for name, meaning in names.items():
            end = self.spelled(at, name)
            if end is not None and (best is None or end > best[1]):
                best = (meaning, end)
        return best

    def spelled(self, at: int, name: str) -> int | None:
        """Where a name that begins here ends; None if it does not stand here."""
        words = words_of(name)
        token = self.token(at)
        if token is not None and token.kind == "quoted":
            return at + 1 if words_of(token.text) == words else None
        found = tuple(item.word for item in self.tokens[at : at + len(words)])
        kinds = {item.kind for item in self.tokens[at : at + len(words)]}
        return at + len(words) if words and found == words and "quoted" not in kinds else None

    def span(self, start: int, end: int) -> str:
        """The text between two tokens, as written."""
        if start >= end or start >= len(self.tokens):
            return ""
        return self.text[self.tokens[start].start : self.tokens[min(end, len(self.tokens)) - 1].end]


@lru_cache(maxsize=1024)
def _by_first_word(phrases: tuple[str, ...]) -> dict[str, list[tuple[str, ...]]]:
    """Phrases as words, by their first: prompts are short and the tables are long."""
    table: dict[str, list[tuple[str, ...]]] = {}
    for words in (tuple(phrase.split()) for phrase in phrases):
        table.setdefault(words[0], []).append(words)
    return table


def leaf(name: str, operator: str, value: Any = None) -> Node:
    """A condition on one field."""
    return {"field": name, "operator": operator, "value": value}


def group(combinator: str, rules: Iterable[Node]) -> Node:
    """Join rules; a single one stays as it is, and groups of the same kind are merged into one."""
    flat: list[Node] = []
    for rule in rules:
        same = rule.get("combinator") == combinator and not rule.get("not")
        flat.extend(rule["rules"] if same else [rule])
    return flat[0] if len(flat) == 1 else {"combinator": combinator, "rules": flat}


def deny(node: Node) -> Node:
    """Everybody whom the node does not select."""
    if "combinator" in node:
        return {**node, "not": not node.get("not", False)}
    return {"combinator": "and", "not": True, "rules": [node]}


def plain(value: Decimal) -> int | float | str:
    """An exact amount as a JSON value."""
    if value == value.to_integral_value():
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else format(value, "f")


def replaced(tree: Node, old: Node, new: Node) -> Node:
    """The tree with one node, found by identity, put in another's place."""
    if tree is old:
        return new
    if "combinator" in tree:
        return {**tree, "rules": [replaced(rule, old, new) for rule in tree["rules"]]}
    return tree


def joined(texts: Iterable[str], last: str = "or") -> str:
    """Read as a list: A, B or C."""
    items: list[str] = list(texts)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}"
