"""The writer of insights that asks a provider; a sentence is shown once every number in it is found in a cited fact."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.ai.insights.grounding import ungrounded
from app.ai.insights.insight import Written
from app.ai.insights.instructions import asked, told
from app.ai.objects import objects_in
from app.ai.provider import NAMES, Provider, ProviderFailed
from app.ai.streaming import ask_streaming
from app.insights.facts import Facts, Sentence, cited
from models.member import Member

TIMEOUT = 20.0
MOST_OUTPUT = 1_500
LEAST_SENTENCES = 2
MOST_SENTENCES = 6
MOST_CITED = 10
KEYS = ("text",)


class ProviderInsightWriter:
    """An `InsightWriter` on the configured provider."""

    def __init__(self, name: Provider, *, timeout: float = TIMEOUT) -> None:
        self._name: Provider = name
        self._timeout = timeout

    async def write(self, facts: Facts, *, member: Member, seen: Callable[[Sequence[Sentence]], None]) -> Written:
        """See `InsightWriter.write`."""
        kept: list[Sentence] = []
        wrong: list[str] = []
        read = 0

        def hear(text: str) -> None:
            nonlocal read
            whole, _ = objects_in(text, KEYS)
            for raw in whole[read:]:
                sentence, fault = _checked(raw, facts)
                if fault is not None:
                    wrong.append(fault)
                elif sentence is not None and sentence not in kept and len(kept) < MOST_SENTENCES:
                    kept.append(sentence)
                    seen(tuple(kept))
            read = len(whole)

        try:
            reply = await ask_streaming(
                "insight",
                told(facts),
                asked(facts),
                member=member,
                timeout=self._timeout,
                most_tokens=MOST_OUTPUT,
                heard=hear,
            )
        except ProviderFailed as failed:
            if len(kept) < LEAST_SENTENCES:
                raise
            return Written(sentences=tuple(kept), left_out=len(wrong), broken=failed.sentence)
        if len(kept) < LEAST_SENTENCES:
            await reply.judge("ungrounded" if wrong else "form")
            why = f" ({wrong[0]})" if wrong else ""
            raise ProviderFailed("unusable", f"What {NAMES[self._name]} wrote is not what the facts say{why}.")
        if wrong:
            await reply.judge("partly_ungrounded")
        return Written(sentences=tuple(kept), left_out=len(wrong))


def _checked(raw: Mapping[str, Any], facts: Facts) -> tuple[Sentence | None, str | None]:
    """The sentence, or what is wrong with it."""
    text, ids = raw.get("text"), raw.get("facts")
    if not isinstance(text, str) or not isinstance(ids, list) or not 1 <= len(ids) <= MOST_CITED:
        return None, "a sentence without its facts"
    known = list(cited(facts, [str(id) for id in ids]))
    if len(known) != len(ids):
        return None, "a fact that does not exist"
    text = text.strip()
    if problem := ungrounded(text, known, facts.currency):
        return None, problem
    return Sentence(text=text, facts=tuple(fact.id for fact in known)), None
