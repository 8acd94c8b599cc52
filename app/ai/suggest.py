"""From a prompt to a proposed rule: the one door for pages and API. Saves nothing but the log of the AI's calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from app.ai.lints import currency_question, reading
from app.ai.planner import ProviderPlanner
from app.ai.ports import SegmentPlanner
from app.ai.provider import ProviderFailed, configured
from app.ai.suggestion import Suggestion
from app.auth.permissions import require
from app.errors import InvalidInput
from app.segments.catalogue import Catalogue, load_catalogue
from app.segments.grammar import parse_words
from app.segments.grammar.vague import refusal
from app.settings import get_settings
from models.member import Member
from models.values import now

LONGEST_PROMPT = 2_000


async def suggest_segment(member: Member, prompt: str) -> Suggestion:
    """Propose a rule for a description of people, by the configured provider or else by the built-in grammar.

    When the provider fails, the grammar's answer is given instead if it understood every word, and the note says so;
    otherwise the outcome is `refuse` and the note says in plain words what happened. Raises PermissionDenied without
    `ai.use`, InvalidInput for an empty prompt or one longer than 2,000 characters.
    """
    require(member, "ai.use")
    text = prompt.strip()
    if not text:
        raise InvalidInput.of("prompt", "describe in a few words who should be in the segment")
    if len(text) > LONGEST_PROMPT:
        raise InvalidInput.of("prompt", f"has {len(text):,} characters; at most {LONGEST_PROMPT:,} are possible")
    catalogue = await load_catalogue()
    today = now().astimezone(get_settings().zone).date()
    name = configured()
    planner = ProviderPlanner(name) if name else None
    return await suggest(member, text, catalogue, today=today, planner=planner)


async def suggest(
    member: Member, prompt: str, catalogue: Catalogue, *, today: date, planner: SegmentPlanner | None
) -> Suggestion:
    """The same for a given catalogue, day and planner; None plans by the grammar alone."""
    if planner is None or refusal(prompt) is not None:
        return parse_words(prompt, catalogue, today=today)
    question = currency_question(reading(prompt, catalogue, today))
    if question is not None:
        return Suggestion(outcome="clarify", source="grammar", question=question)
    try:
        return await planner.plan(prompt, catalogue, today=today, member=member)
    except ProviderFailed as failed:
        return _fallback(parse_words(prompt, catalogue, today=today), failed)


def _fallback(own: Suggestion, failed: ProviderFailed) -> Suggestion:
    if own.outcome == "ok":
        return replace(own, note=f"{failed.sentence} This rule was built by the built-in grammar instead.")
    return Suggestion(
        outcome="refuse",
        source="grammar",
        question=own.question,
        unsupported=own.unsupported,
        note=f"{failed.sentence} Your description is kept; try again in a moment, or build the rule by hand.",
    )
