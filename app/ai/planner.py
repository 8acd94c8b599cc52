"""The segment planner that asks a provider and lets code decide what of its answer is good."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date

from app.ai.agreement import agrees
from app.ai.assumed import assumptions_of
from app.ai.coverage import left_out, vague_words
from app.ai.faults import PLAINLY, Fault, fault_of
from app.ai.flatten import plan_of
from app.ai.instructions import block, instructions
from app.ai.lints import check, reading
from app.ai.plan import Answer, read_answer
from app.ai.provider import Provider, ProviderFailed, Reply, Turn, ask
from app.ai.suggestion import Suggestion
from app.errors import RuleError
from app.segments.catalogue import Catalogue
from app.segments.grammar.prompt import Prompt
from app.segments.rule import parse_rule, rule_json
from app.segments.rule.nodes import Group
from app.segments.sentence import sentence
from models.member import Member

TIMEOUT = 20.0
"""Seconds for one request."""
PATIENCE = 35.0
"""Seconds for a suggestion with its repairs."""
MOST_OUTPUT = 4_000
MOST_TOKENS = 40_000
"""Tokens, read and written, that one suggestion may cost before no further repair is asked for."""
REPAIRS = 2
_SHOWN_AGAIN = 8_000
"""Characters of a faulty reply that go back with what is wrong with it."""


class ProviderPlanner:
    """A `SegmentPlanner` on the configured provider."""

    def __init__(self, name: Provider, *, timeout: float = TIMEOUT) -> None:
        self._name: Provider = name
        self._timeout = timeout

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
        """See `SegmentPlanner.plan`. A faulty answer goes back with what is wrong with it, at most twice."""
        words = reading(prompt, catalogue, today)
        told = instructions(catalogue, today)
        had = rule_json(present) if present is not None else None
        question, turns, tokens = block(prompt, (plan_of(had, catalogue) or had) if had else None), list[Turn](), 0
        last: Fault | None = None
        honest: Suggestion | None = None
        deadline = time.monotonic() + PATIENCE
        for _ in range(1 + REPAIRS):
            reply = await ask(
                "segment",
                told,
                question,
                member=member,
                timeout=max(1.0, min(self._timeout, deadline - time.monotonic())),
                most_tokens=MOST_OUTPUT,
                before=turns,
                as_json=True,
                about=prompt,
            )
            tokens += reply.tokens
            try:
                return self._suggestion(reply, words, own, present)
            except Fault as fault:
                again = last is not None and last.code == fault.code == "disagrees"
                last, honest = fault, fault.otherwise or honest
                await reply.judge(fault.code)
            if again or tokens > MOST_TOKENS or time.monotonic() > deadline:
                break
            turns.append(Turn(question, reply.text[:_SHOWN_AGAIN] or "{}"))
            question = _repair(last, cut=reply.cut)
        if honest is not None:
            return honest
        code = last.code if last else "schema"
        plainly = PLAINLY.get(code, code)
        raise ProviderFailed(code, f"The answer could not be used, also after asking again ({plainly}).")

    def _suggestion(self, reply: Reply, words: Prompt, own: Suggestion, present: Group | None) -> Suggestion:
        catalogue = words.catalogue
        answer = read_answer(reply.text, catalogue)
        if answer.rule is None or answer.outcome == "refuse":
            return self._without_rule(answer)
        try:
            rule = parse_rule(answer.rule, catalogue)
        except RuleError as error:
            raise fault_of(error) from error
        check(rule, words, present=present)
        found = Suggestion(
            outcome=answer.outcome,
            source=self._name,
            rule=rule_json(rule),
            sentence=sentence(rule, catalogue),
            assumptions=assumptions_of(rule, words, answer.assumptions, present=present),
            question=answer.question[:500] or None,
            unsupported=answer.unsupported,
            note=answer.note[:500] or None,
        )
        _compare(found, own, catalogue)
        if own.outcome != "ok":
            _check_coverage(found, rule, words, present)
        return found

    def _without_rule(self, answer: Answer) -> Suggestion:
        if answer.outcome in ("ok", "partial"):
            raise Fault("schema", f"conditions: an answer with outcome {answer.outcome} needs at least one condition")
        if answer.outcome == "clarify" and not answer.question:
            raise Fault("schema", "question: an answer with outcome clarify needs a question")
        return Suggestion(
            outcome=answer.outcome,
            source=self._name,
            question=answer.question[:500] or None,
            unsupported=answer.unsupported,
            note=answer.note[:500]
            or ("This cannot be expressed as a segment." if answer.outcome == "refuse" else None),
        )


def _repair(fault: Fault, *, cut: bool) -> str:
    hint = " The reply was cut off at the length limit; answer more briefly, without explanations." if cut else ""
    return (
        f"Your answer cannot be used. {fault.code}: {fault.message}.{hint}\n"
        "Answer again with the whole corrected JSON object and nothing else."
    )


def _compare(found: Suggestion, own: Suggestion, catalogue: Catalogue) -> None:
    """Raise Fault `disagrees` where the grammar understood every word, but otherwise."""
    if found.outcome in ("ok", "partial") and not agrees(found, own, catalogue):
        raise Fault(
            "disagrees",
            f"your answer selects “{found.sentence}”, but word for word the description says “{own.sentence}”; "
            "check every over and under, before and after, not, and, or; keep your answer only if it is right",
            otherwise=found,
        )


def _check_coverage(found: Suggestion, rule: Group, words: Prompt, present: Group | None) -> None:
    """Raise Fault `vague` or `left_out` where words were given a meaning they do not have, or none at all."""
    if found.outcome == "clarify":
        return
    vague = vague_words(words, found.unsupported)
    if vague:
        listed = ", ".join(f"“{word}”" for word, _ in vague)
        raise Fault(
            "vague",
            f"{listed} has no exact meaning; set outcome to clarify and ask what it means in a number or a time",
            otherwise=Suggestion(outcome="clarify", source=found.source, question=vague[0][1]),
        )
    missing = left_out(rule, words, found.unsupported, present)
    if missing:
        listed = ", ".join(f"“{span}”" for span in missing)
        raise Fault(
            "left_out",
            f"the description names {listed}, which no condition holds; add it, or set outcome to partial and put it "
            "into unsupported",
            otherwise=replace(found, outcome="partial", unsupported=(*found.unsupported, *missing)),
        )
