"""Plain words to a rule without any AI: every word is explained, or the answer says which one was not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from app.ai.suggestion import Assumption, Suggestion
from app.errors import RuleError
from app.segments.catalogue import Catalogue
from app.segments.grammar.declining import not_understood
from app.segments.grammar.expression import Clause, expression
from app.segments.grammar.leads import leads
from app.segments.grammar.lexicon import CLOSERS, field_words, past_openers, unknown_spans
from app.segments.grammar.names import Names
from app.segments.grammar.prompt import Node, Prompt, Remark, Unclear, replaced
from app.segments.grammar.scope import check_written_logic
from app.segments.grammar.spelling import corrected
from app.segments.grammar.tokens import tokenize
from app.segments.grammar.vague import refusal
from app.segments.rule import parse_rule, rule_json
from app.segments.sentence import sentence

__all__ = ["parse_words"]

_MOST_TOKENS = 400
_MOST_BRACKETS = 25


def parse_words(prompt: str, catalogue: Catalogue, *, today: date) -> Suggestion:
    """Read a description such as "women in Delhi who spent over 10k" into a rule.

    `today` is the day in the shop's zone. The outcome is `ok` only when every word was understood in one way. Otherwise
    there is no rule: `clarify` asks (a vague word, two readings, unknown words, which `unsupported` names), `refuse`
    says why it is no description of people. Never raises for any text.
    """
    refused = refusal(prompt)
    if refused is not None:
        return _suggestion("refuse", note=refused)
    words = Prompt(prompt, tuple(tokenize(prompt)), catalogue, today, Names.of(catalogue))
    if len(words) > _MOST_TOKENS:
        return _suggestion(
            "refuse", note=f"This is longer than {_MOST_TOKENS} words. Describe the people more briefly."
        )
    if sum(word in ("(", "[", "either") for word in words.words) > _MOST_BRACKETS:
        return _suggestion("clarify", question="This has too many brackets. Could you say it more simply?")
    try:
        check_written_logic(words)
        answer = _answer(words, ())
        if answer is not None:
            return answer
        spelled, remarks = _spelled(words)
        answer = _answer(spelled, remarks) if remarks else None
        # What is in the way now is not the spelling.
        return answer if answer is not None else _declined(not_understood(spelled))
    except Unclear as unclear:
        return _declined(unclear)


def _answer(prompt: Prompt, remarks: tuple[Remark, ...]) -> Suggestion | None:
    """The rule, or None when some word is left over."""
    start = past_openers(prompt)
    for lead in leads(prompt, start):
        if lead.subject and _only_closers(prompt, lead.end) and not lead.negated:
            remarks = (*remarks, Remark("everyone", "Everyone is in: no condition was named."))
            return _accepted(prompt, Clause({"combinator": "and", "rules": []}, lead.end), remarks)
    clause = expression(prompt, start)
    if clause is None or not _only_closers(prompt, clause.end):
        return None
    return _accepted(prompt, clause, remarks)


def _accepted(prompt: Prompt, clause: Clause, remarks: tuple[Remark, ...]) -> Suggestion | None:
    """Check the rule by the same door that every rule goes through."""
    try:
        rule = parse_rule(clause.node, prompt.catalogue)
    except RuleError as error:
        return _suggestion(
            "clarify", question=f"This rule is not possible: {error.detail}. Could you say it differently?"
        )
    tree = rule_json(rule)
    said = [
        remark
        for remark in _once((*remarks, *clause.remarks))
        if remark.code != "never_bought_excluded" or not _names_never(clause.node)
    ]
    assumptions = tuple(_assumption(remark, clause.node, prompt) for remark in said)
    return _suggestion("ok", rule=tree, sentence=sentence(rule, prompt.catalogue), assumptions=assumptions)


def _declined(why: Unclear) -> Suggestion:
    if why.final:
        return _suggestion("refuse", note=why.question, unsupported=why.spans)
    return _suggestion("clarify", question=why.question, unsupported=why.spans)


def _assumption(remark: Remark, tree: Node, prompt: Prompt) -> Assumption:
    alternative: Node | None = None
    if remark.swap is not None:
        other = replaced(tree, *remark.swap)
        if other != tree:
            try:
                alternative = rule_json(parse_rule(other, prompt.catalogue))
            except RuleError:
                alternative = None
    return Assumption(code=remark.code, text=remark.text, alternative=alternative)


def _names_never(tree: Node) -> bool:
    """Whether the rule speaks of who never ordered, so that nothing about them is assumed."""
    if "rules" in tree:
        return any(_names_never(rule) for rule in tree["rules"])
    return tree["field"] == "order_count" and (tree["operator"], tree["value"]) in (("=", 0), ("<", 1), ("<=", 0))


def _once(remarks: tuple[Remark, ...]) -> list[Remark]:
    seen: dict[tuple[str, str], Remark] = {}
    for remark in remarks:
        seen.setdefault((remark.code, remark.text), remark)
    return list(seen.values())


def _spelled(prompt: Prompt) -> tuple[Prompt, tuple[Remark, ...]]:
    """The prompt with slips of the keyboard corrected, and a remark for each."""
    unknown = {word for span in unknown_spans(prompt) for word in span.casefold().split()}
    known, names = field_words(prompt), prompt.names.words()
    tokens, remarks = [], []
    for token in prompt.tokens:
        right = corrected(token.word, known, names) if token.kind == "word" and token.word in unknown else None
        if right is not None:
            remarks.append(Remark("spelling", f"“{token.text}” is read as “{right}”."))
        tokens.append(replace(token, word=right) if right is not None else token)
    return (replace(prompt, tokens=tuple(tokens)), tuple(remarks)) if remarks else (prompt, ())


def _only_closers(prompt: Prompt, at: int) -> bool:
    while (after := prompt.skip(at, *CLOSERS)) > at:
        at = after
    return at == len(prompt)


def _suggestion(
    outcome: str,
    *,
    rule: Node | None = None,
    sentence: str = "",
    assumptions: tuple[Assumption, ...] = (),
    question: str | None = None,
    unsupported: tuple[str, ...] = (),
    note: str | None = None,
) -> Suggestion:
    return Suggestion(
        outcome=outcome,  # type: ignore[arg-type]  # only the four outcomes are passed above
        source="grammar",
        rule=rule,
        sentence=sentence,
        assumptions=assumptions,
        question=question,
        unsupported=unsupported,
        note=note,
    )
