"""The segment planner that asks a provider and lets code decide what of its answer is good."""

from __future__ import annotations

from datetime import date

from app.ai.assumed import assumptions_of
from app.ai.faults import Fault, fault_of
from app.ai.instructions import block, instructions
from app.ai.lints import check, reading
from app.ai.plan import Answer, read_answer
from app.ai.provider import Provider, ProviderFailed, Reply, Turn, ask
from app.ai.suggestion import Suggestion
from app.errors import RuleError
from app.segments.catalogue import Catalogue
from app.segments.grammar.prompt import Prompt
from app.segments.rule import parse_rule, rule_json
from app.segments.sentence import sentence
from models.member import Member

TIMEOUT = 20.0
"""Seconds for one request."""
MOST_OUTPUT = 4_000
MOST_TOKENS = 40_000
"""Tokens, read and written, that one suggestion may cost before no further repair is asked for."""
REPAIRS = 2


class ProviderPlanner:
    """A `SegmentPlanner` on the configured provider."""

    def __init__(self, name: Provider, *, timeout: float = TIMEOUT) -> None:
        self._name: Provider = name
        self._timeout = timeout

    async def plan(self, prompt: str, catalogue: Catalogue, *, today: date, member: Member) -> Suggestion:
        """See `SegmentPlanner.plan`. A faulty answer goes back with what is wrong with it, at most twice."""
        words = reading(prompt, catalogue, today)
        told = instructions(catalogue, today)
        question, turns, tokens = block(prompt), list[Turn](), 0
        last: Fault | None = None
        for _ in range(1 + REPAIRS):
            reply = await ask(
                "segment",
                told,
                question,
                member=member,
                timeout=self._timeout,
                most_tokens=MOST_OUTPUT,
                before=turns,
                as_json=True,
            )
            tokens += reply.tokens
            try:
                return self._suggestion(reply, words)
            except Fault as fault:
                last = fault
                await reply.judge(fault.code)
            turns.append(Turn(question, reply.text or "{}"))
            question = _repair(last, cut=reply.cut)
            if tokens > MOST_TOKENS:
                break
        code = last.code if last else "schema"
        raise ProviderFailed(code, f"The answer could not be used, also after asking again ({_plainly(code)}).")

    def _suggestion(self, reply: Reply, words: Prompt) -> Suggestion:
        catalogue = words.catalogue
        answer = read_answer(reply.text, catalogue)
        if answer.rule is None or answer.outcome == "refuse":
            return self._without_rule(answer)
        try:
            rule = parse_rule(answer.rule, catalogue)
        except RuleError as error:
            raise fault_of(error) from error
        check(rule, words)
        return Suggestion(
            outcome=answer.outcome,
            source=self._name,
            rule=rule_json(rule),
            sentence=sentence(rule, catalogue),
            assumptions=assumptions_of(rule, words, answer.assumptions),
            question=answer.question[:500] or None,
            unsupported=answer.unsupported,
            note=answer.note[:500] or None,
        )

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


def _plainly(code: str) -> str:
    return {
        "json": "it was no complete JSON",
        "schema": "it did not have the agreed form",
        "unknown_field": "it used a field that does not exist",
        "bad_value": "it used a value that does not exist",
        "relative_date_expected": "it turned a relative time into a fixed day",
        "number_not_in_prompt": "it used a number that you did not say",
        "depth": "it was nested too deep",
    }.get(code, code)
