"""From a prompt to a proposed rule: the one door for pages and API. Saves nothing but the log of the AI's calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from app.ai.agreement import settled
from app.ai.lints import currency_question, reading
from app.ai.personal import kept_here
from app.ai.planner import ProviderPlanner
from app.ai.ports import SegmentPlanner
from app.ai.provider import ProviderFailed, configured, printable
from app.ai.suggestion import Suggestion
from app.auth.authorize import authorize
from app.errors import InvalidInput
from app.segments.catalogue import Catalogue, load_catalogue
from app.segments.contact import require_no_contact, rule_of
from app.segments.grammar import parse_words
from app.segments.grammar.vague import refusal
from app.segments.refining import refine
from app.segments.rule import parse_rule
from app.segments.rule.nodes import Group
from app.segments.sentence.difference import difference
from app.settings import get_settings
from models.member import Member
from models.values import now

LONGEST_PROMPT = 2_000


async def suggest_segment(member: Member, prompt: str, *, rule: object | None = None) -> Suggestion:
    """Propose a rule for a description of people, by the configured provider or else by the built-in grammar.

    With `rule` (JSON) the prompt says how to change it ("also only in Pune", "make it 5,000"); the answer holds the
    whole new rule and `changes`. A rule without conditions counts as none. When the provider fails, the grammar's
    answer is given instead if it understood every word, and the note says so; otherwise the outcome is `refuse` and the
    note says in plain words what happened. Raises PermissionDenied without `ai.use`, InvalidInput for an empty prompt
    or one longer than 2,000 characters, RuleError for a rule that is none. Who does not see
    addresses gets no rule about them.
    """
    await authorize(member, "ai.use")
    text = printable(prompt).strip()
    if not text:
        raise InvalidInput.of("prompt", "describe in a few words who should be in the segment")
    if len(text) > LONGEST_PROMPT:
        raise InvalidInput.of("prompt", f"has {len(text):,} characters; at most {LONGEST_PROMPT:,} are possible")
    present: Group | None = None
    if rule is None:
        catalogue = await load_catalogue()
    else:
        present, catalogue = await rule_of(member, rule)
    today = now().astimezone(get_settings().zone).date()
    name = configured()
    planner = ProviderPlanner(name) if name else None
    found = await suggest(member, text, catalogue, today=today, planner=planner, present=present)
    if found.rule is not None:
        require_no_contact(member, parse_rule(found.rule, catalogue))
    return found


async def suggest(
    member: Member,
    prompt: str,
    catalogue: Catalogue,
    *,
    today: date,
    planner: SegmentPlanner | None,
    present: Group | None = None,
) -> Suggestion:
    """The same for a given catalogue, day and planner; None plans by the grammar alone."""
    base = present if present is not None and present.rules else None
    own = refine(prompt, base, catalogue, today=today) if base else parse_words(prompt, catalogue, today=today)
    answer = await _answer(member, prompt, catalogue, own, today=today, planner=planner, base=base)
    if present is None or answer.rule is None:
        return answer
    after = parse_rule(answer.rule, catalogue)
    return replace(answer, changes=difference(present, after, catalogue, locale=member.locale))


async def _answer(
    member: Member,
    prompt: str,
    catalogue: Catalogue,
    own: Suggestion,
    *,
    today: date,
    planner: SegmentPlanner | None,
    base: Group | None,
) -> Suggestion:
    """The planner's answer where it is asked and good, else the grammar's `own`."""
    if planner is None or (own.outcome == "refuse" and (base is not None or refusal(prompt) is not None)):
        return own
    private = kept_here(prompt, own, base)
    if private is not None:
        return replace(own, note=private)
    words = reading(prompt, catalogue, today)
    question = currency_question(words)
    if question is not None:
        return Suggestion(outcome="clarify", source="grammar", question=question)
    try:
        answer = await planner.plan(prompt, catalogue, today=today, member=member, own=own, present=base)
    except ProviderFailed as failed:
        return _fallback(own, failed)
    return settled(answer, own, words)


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
