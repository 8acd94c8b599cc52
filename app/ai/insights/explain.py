"""Insights into a campaign, a customer and the shop's last month: the one door for pages and API. Nothing is saved."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from app.ai.insights.insight import Insight, InsightSeen
from app.ai.insights.instructions import asked
from app.ai.insights.writer import ProviderInsightWriter
from app.ai.ports import InsightWriter
from app.ai.provider import Provider, ProviderFailed, configured
from app.auth.permissions import allowed
from app.insights.campaign import campaign_facts
from app.insights.customer import customer_facts
from app.insights.facts import Facts, Sentence
from app.insights.shop import shop_facts
from app.settings import get_settings
from models.member import Member

KEPT_SECONDS = 3_600.0
MOST_KEPT = 200


async def explain_campaign(member: Member, campaign_id: object, *, seen: InsightSeen | None = None) -> Insight:
    """How a finished campaign did. Raises PermissionDenied without `campaigns.read`, and NotFound."""
    return await explained(member, await campaign_facts(member, campaign_id), seen=seen)


async def explain_customer(member: Member, customer_id: str, *, seen: InsightSeen | None = None) -> Insight:
    """How a customer buys. Raises PermissionDenied without `customers.read`, and NotFound."""
    return await explained(member, await customer_facts(member, customer_id), seen=seen)


async def explain_shop(member: Member, *, seen: InsightSeen | None = None) -> Insight:
    """The shop's last 30 days. Raises PermissionDenied without `orders.read`."""
    return await explained(member, await shop_facts(member), seen=seen)


def computed(facts: Facts, note: str | None = None) -> Insight:
    """The facts in the words that code has for them."""
    notes = " ".join(part for part in (note, facts.missing) if part)
    return Insight(source="computed", sentences=facts.said, facts=facts, note=notes or None)


async def explained(member: Member, facts: Facts, *, seen: InsightSeen | None = None, fresh: bool = False) -> Insight:
    """The facts in words, by the configured provider if the member may use it, else as computed.

    What a provider wrote for these very facts is kept for an hour and given again, unless `fresh`. A failure gives the
    computed words and says so in the note.
    """
    name = configured()
    if name is None or not facts.facts or not allowed(member, "ai.use"):
        return computed(facts)
    key = _key(name, facts)
    if not fresh and (known := _kept.get(key)) is not None:
        return known
    return await write_insight(member, facts, name, ProviderInsightWriter(name), seen=seen, key=key)


async def write_insight(
    member: Member,
    facts: Facts,
    name: Provider,
    writer: InsightWriter,
    *,
    seen: InsightSeen | None = None,
    key: str | None = None,
) -> Insight:
    """The same with a given writer."""

    def hear(sentences: Sequence[Sentence]) -> None:
        if seen is not None:
            seen(Insight(source=name, sentences=tuple(sentences), facts=facts, done=False))

    try:
        found = await writer.write(facts, member=member, seen=hear)
    except ProviderFailed as failed:
        return computed(facts, f"{failed.sentence} These are the computed words instead.")
    notes = [note for note in (facts.missing, found.broken) if note]
    if found.left_out:
        one = found.left_out == 1
        notes.append(
            f"{found.left_out} {'sentence was' if one else 'sentences were'} left out: "
            f"{'it' if one else 'they'} said what the facts do not."
        )
    insight = Insight(source=name, sentences=found.sentences, facts=facts, note=" ".join(notes) or None)
    if key is not None and found.broken is None:
        _kept.put(key, insight)
    return insight


def _key(name: Provider, facts: Facts) -> str:
    settings = get_settings()
    model = settings.gemini_model if name == "gemini" else settings.openai_model
    place = settings.gemini_base_url if name == "gemini" else settings.openai_base_url
    return json.dumps([name, model, place, facts.subject, asked(facts)])


class _Kept:
    """What was written lately, by the facts it was written from: those alone decide what may be said."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[float, Insight]] = OrderedDict()

    def get(self, key: str) -> Insight | None:
        at, insight = self._known.get(key, (0.0, None))
        return insight if insight is not None and time.monotonic() - at < KEPT_SECONDS else None

    def put(self, key: str, insight: Insight) -> None:
        self._known[key] = (time.monotonic(), replace(insight, done=True))
        self._known.move_to_end(key)
        while len(self._known) > MOST_KEPT:
            self._known.popitem(last=False)


_kept = _Kept()
