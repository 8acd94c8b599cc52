"""What comes of a prompt: a rule to look at, a question, or an honest no. Nothing is saved by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from app.segments.sentence.difference import Change

Outcome: TypeAlias = Literal["ok", "clarify", "partial", "refuse"]
Source: TypeAlias = Literal["gemini", "openai", "grammar"]


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """A choice that was made for the person. `alternative` is the whole rule (JSON) if it had been made otherwise."""

    code: str
    text: str
    alternative: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A proposed rule and everything to say about it.

    `ok`: `rule` (JSON) is there and complete. `partial`: `rule` covers all but `unsupported`. `clarify`: `question`
    asks for what is missing; there may be a rule, never to be saved unseen. `refuse`: no rule, `note` says why.
    `source` names who made it: a provider, or the built-in grammar. `changes` tell how `rule` differs from the one that
    was to be refined; empty for a fresh description.
    """

    outcome: Outcome
    source: Source
    rule: dict[str, Any] | None = None
    sentence: str = ""
    assumptions: tuple[Assumption, ...] = ()
    question: str | None = None
    unsupported: tuple[str, ...] = ()
    note: str | None = None
    changes: tuple[Change, ...] = ()
