"""What Cohort asks of an AI, as three ports. A provider proposes; nothing is saved or sent by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Protocol

from app.ai.copywriting.draft import Assignment, Messages, Seen
from app.ai.insights.insight import Written
from app.ai.suggestion import Suggestion
from app.insights.facts import Facts, Sentence
from app.segments.catalogue import Catalogue
from app.segments.rule.nodes import Group
from models.member import Member


class SegmentPlanner(Protocol):
    """Turns a description of people into a proposed rule."""

    async def plan(
        self,
        prompt: str,
        catalogue: Catalogue,
        *,
        today: date,
        member: Member,
        own: Suggestion,
        present: Group | None = None,
    ) -> Suggestion:
        """A checked rule, a question, or an honest refusal.

        The planner sees the catalogue, never a customer. `own` is what the built-in grammar made of the same words;
        `present` is the rule that the prompt wants to change. Every amount of the rule occurs in the prompt or in
        `present`, relative times stay relative, what the words name is in the rule or in `unsupported`. A rule that
        differs from the grammar's is returned as it is; `app.ai.agreement.settled` decides. Raises ProviderFailed when
        no usable answer came.
        """
        ...


class CopyWriter(Protocol):
    """Writes short texts from facts that are given to it."""

    async def describe(self, name: str, sentence: str, *, member: Member) -> str:
        """One or two plain sentences for a segment, at most 400 characters, with no number that `sentence` lacks.

        Raises ProviderFailed when no usable answer came.
        """
        ...


class MessageWriter(Protocol):
    """Drafts messages to customers from a brief."""

    async def write(self, assignment: Assignment, *, member: Member, seen: Seen) -> Messages:
        """Up to three drafts that use only the merge tags given and claim nothing the brief does not say.

        `seen` hears what there is while it is written. A draft that breaks a rule goes back at most twice; what is left
        out then is said in the note. Raises ProviderFailed when no usable draft came.
        """
        ...


class InsightWriter(Protocol):
    """Puts facts that code computed into words."""

    async def write(self, facts: Facts, *, member: Member, seen: Callable[[Sequence[Sentence]], None]) -> Written:
        """Sentences of which each cites facts and holds no number but theirs; one that does otherwise is dropped.

        `seen` hears the sentences that passed while the rest is written. Raises ProviderFailed when too little is left.
        """
        ...
