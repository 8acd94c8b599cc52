"""What Cohort asks of an AI, as three ports. A provider proposes; nothing is saved or sent by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from app.ai.suggestion import Suggestion
from app.segments.catalogue import Catalogue
from models.member import Member


class SegmentPlanner(Protocol):
    """Turns a description of people into a proposed rule."""

    async def plan(self, prompt: str, catalogue: Catalogue, *, today: date, member: Member) -> Suggestion:
        """A checked rule, a question, or an honest refusal.

        The planner sees the catalogue, never a customer. Every amount of the rule occurs in the prompt and relative
        times stay relative. Raises ProviderFailed when no usable answer came.
        """
        ...


class CopyWriter(Protocol):
    """Writes short texts from facts that are given to it."""

    async def describe(self, name: str, sentence: str, *, member: Member) -> str:
        """One or two plain sentences for a segment, at most 400 characters, with no number that `sentence` lacks.

        Raises ProviderFailed when no usable answer came.
        """
        ...

    async def write(self, brief: str, merge_tags: Mapping[str, str], *, member: Member) -> tuple[str, str]:
        """A subject and an HTML body that use only these merge tags and claim nothing the brief does not say.

        Raises ProviderFailed when no usable answer came.
        """
        ...


class InsightWriter(Protocol):
    """Puts facts that code computed into words."""

    async def explain(self, facts: Sequence[str], *, member: Member) -> tuple[str, ...]:
        """Sentences that cite only these facts; one with a number that is not among them is dropped.

        Raises ProviderFailed when no usable answer came.
        """
        ...
