"""An insight: sentences, the facts they stand on, and who put them into words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from app.insights.facts import Fact, Facts, Sentence

InsightSource: TypeAlias = Literal["gemini", "openai", "computed"]


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a writer made of facts, how many of its sentences were left out, and what broke it off, if something did."""

    sentences: tuple[Sentence, ...]
    left_out: int = 0
    broken: str | None = None


@dataclass(frozen=True, kw_only=True)
class Insight:
    """What is said about a subject. `note` tells what is missing, was left out, or failed; `done` is False while more
    sentences may come.
    """

    source: InsightSource
    sentences: tuple[Sentence, ...]
    facts: Facts
    note: str | None = None
    done: bool = True

    @property
    def basis(self) -> tuple[Fact, ...]:
        """The facts that the sentences cite, each once, in the order of their computation."""
        ids = {id for sentence in self.sentences for id in sentence.facts}
        return tuple(fact for fact in self.facts.facts if fact.id in ids)


InsightSeen: TypeAlias = Callable[[Insight], None]
"""Called with what there is, again and again while it is written."""
