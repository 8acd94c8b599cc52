"""The words before a condition: people, who, have, and what denies it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from app.segments.grammar.comparison import BEFORE
from app.segments.grammar.prompt import Lead, Prompt, Unclear

NOUNS = (
    "customer", "customers", "people", "person", "persons", "user", "users", "client", "clients", "contact",
    "contacts", "everyone", "everybody", "anyone", "anybody", "those", "someone", "folks", "profiles", "individuals",
    "ones", "consumers", "patrons",
)  # fmt: skip
DETERMINERS = (
    "the", "all", "all the", "all of the", "all of our", "all our", "any", "every", "each", "our", "my", "all my",
    "a", "an", "those", "these", "any of our",
)  # fmt: skip
RELATIVES = ("who", "that", "which", "whose", "they", "whom")
AUXILIARIES = ("have", "has", "had", "do", "does", "did")
_BEFORE_NOUNS = ("a", "an", "any", "each", "every")
"""These count, so they are passed over only before a noun for customers."""
_COPULAS = ("are", "is", "be", "being")
_ADVERBS = ("also", "ever", "currently", "already", "having", "with")
_NEGATIONS = ("not", "never", "no", "without", "non")
_ANYWAY = tuple(
    f"{verb} {but}"
    for verb in ("signed up", "registered", "joined", "have an account")
    for but in ("but", "and", "yet")
)
"""Said of every customer, so that it adds nothing before "never ordered"."""
THINGS = (
    "order", "orders", "purchase", "purchases", "campaign", "campaigns", "email", "emails", "transactions", "segment",
    "segments", "tag", "tags",
)  # fmt: skip

WORDS = {word for table in (NOUNS, DETERMINERS, RELATIVES, AUXILIARIES, _COPULAS, _ADVERBS, _NEGATIONS, ("was", "were"))
         for phrase in table for word in phrase.split()}  # fmt: skip


def leads(
    prompt: Prompt, at: int, *, negation: str = "", campaign: str | None = None, neither: bool = False
) -> Iterator[Lead]:
    """Every way to begin a condition here, from no words to all that fit. Raises Unclear at a double negation."""
    lead = Lead(end=at, negation=negation, campaign=campaign, neither=neither)
    yield lead
    while (longer := _longer(prompt, lead, at)) is not None:
        lead = longer
        yield lead


def _longer(prompt: Prompt, lead: Lead, start: int) -> Lead | None:
    at = lead.end
    word = prompt.word(at)
    determiner = prompt.skip(at, *DETERMINERS)
    anyway = prompt.skip(at, *_ANYWAY)
    if (
        anyway > at
        and not lead.negated
        and (
            prompt.word(anyway) in ("never", "not", *AUXILIARIES)
            or prompt.has(anyway, "are yet to", "is yet to", "yet to")
        )
    ):
        return replace(lead, end=anyway, auxiliary=False)
    if (word in NOUNS and not lead.subject and not lead.negated) or (word in NOUNS and lead.negation == "except"):
        return replace(lead, end=at + 1, subject=True)
    if determiner > at and not lead.auxiliary and prompt.word(determiner) in NOUNS:
        return replace(lead, end=determiner)
    if determiner > at and at == start and word not in _BEFORE_NOUNS and not _thing(prompt, determiner):
        return replace(lead, end=determiner)
    if word in RELATIVES and not lead.auxiliary:
        return replace(lead, end=at + 1, relative=True)
    if word in AUXILIARIES:
        return replace(lead, end=at + 1, auxiliary=True)
    if word in ("was", "were"):
        return replace(lead, end=at + 1, past=True)
    if word in _COPULAS or word in _ADVERBS:
        return replace(lead, end=at + 1)
    if word in _NEGATIONS and not _compares(prompt, at):
        if lead.negated:
            text = prompt.span(start, at + 1)
            raise Unclear(f"“{text}” denies twice. Who should be in?", [text])
        return replace(lead, end=at + 1, negation=word)
    return None


def _thing(prompt: Prompt, at: int) -> bool:
    """Whether "all" or "our" would be about orders or campaigns here, where it changes the meaning."""
    return any(prompt.word(at + n) in THINGS for n in range(3))


def _compares(prompt: Prompt, at: int) -> bool:
    """Whether "no" or "not" opens a comparison here, as in "no more than"."""
    known = prompt.lookup(at, BEFORE)
    return known is not None and prompt.word(known[1]) != ""
