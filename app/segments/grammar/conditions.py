"""One condition: every reader is tried, and the one that explains the most words wins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from app.segments.grammar.addresses import addresses, providers
from app.segments.grammar.ages import ages, birthdays
from app.segments.grammar.consent import consents
from app.segments.grammar.fields import fields
from app.segments.grammar.leads import leads
from app.segments.grammar.memberships import absences, campaigns, segments
from app.segments.grammar.mishaps import coupons, mishaps
from app.segments.grammar.moments import order_dates, sign_ups
from app.segments.grammar.products import products
from app.segments.grammar.profile import genders, nationalities, places, tags
from app.segments.grammar.prompt import Found, Lead, Prompt, Unclear
from app.segments.grammar.purchases import habits, nouns, verbs
from app.segments.grammar.sources import sources
from app.segments.grammar.spending import measures, spending

Reader: TypeAlias = Callable[[Prompt, int, Lead], Iterator[Found]]

READERS: tuple[Reader, ...] = (
    places,
    nationalities,
    genders,
    tags,
    sources,
    consents,
    addresses,
    providers,
    sign_ups,
    order_dates,
    birthdays,
    ages,
    habits,
    verbs,
    nouns,
    spending,
    measures,
    coupons,
    mishaps,
    products,
    campaigns,
    absences,
    segments,
    fields,
)

MODIFIERS: tuple[Reader, ...] = (places, nationalities, genders, tags)
"""What "non" may stand before."""


@dataclass(frozen=True)
class Read:
    """A condition with the words that led to it."""

    found: Found
    lead: Lead


def condition(
    prompt: Prompt, at: int, *, negation: str = "", campaign: str | None = None, neither: bool = False
) -> Read | None:
    """The condition that begins at a token, None when no reader knows it.

    Raises Unclear when two readers explain the same words differently.
    """
    reads = [
        Read(found, lead)
        for lead in leads(prompt, at, negation=negation, campaign=campaign, neither=neither)
        for reader in (READERS if lead.negation != "non" else MODIFIERS)
        for found in reader(prompt, lead.end, lead)
        if found.end > lead.end or found.campaign
    ]
    longest = max((read.found.end for read in reads), default=at)
    if longest == at:
        return None
    best = [read for read in reads if read.found.end == longest]
    if any(read.found.node != best[0].found.node for read in best):
        text = prompt.span(at, longest)
        raise Unclear(f"“{text}” can mean more than one thing here. Could you say it more exactly?", [text])
    return best[0]
