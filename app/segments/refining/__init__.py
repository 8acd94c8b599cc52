"""A rule and words about it to a new rule, without any AI: "also only in Pune", "make it 5,000", "without the city".

What is asked is told by how the words begin. What they say of people is read by the grammar, as in a fresh description.
Where they could mean two conditions, or say nothing the rule has, the answer asks and the rule stays as it is.
"""

from __future__ import annotations

from datetime import date

from app.ai.suggestion import Suggestion
from app.segments.catalogue import Catalogue
from app.segments.grammar.names import Names
from app.segments.grammar.prompt import Prompt, Unclear
from app.segments.grammar.tokens import tokenize
from app.segments.grammar.vague import refusal
from app.segments.refining.instruction import instruction_of
from app.segments.refining.joining import added, excluded, fresh, opposite, widened
from app.segments.refining.outcome import Refused, declined
from app.segments.refining.removing import named_elsewhere, removed
from app.segments.refining.replacing import bare_replaced, replaced_by, substituted
from app.segments.rule.nodes import Group

__all__ = ["refine"]

_MOST_TOKENS = 400


def refine(prompt: str, present: Group, catalogue: Catalogue, *, today: date) -> Suggestion:
    """The present rule changed as the words ask. `present` has at least one condition; never raises for any text.

    `ok` has the whole new rule. Otherwise there is none: `clarify` asks, naming the words in `unsupported`; `refuse`
    says why the words are no change of a rule.
    """
    words = Prompt(prompt, tuple(tokenize(prompt)), catalogue, today, Names(catalogue))
    if len(words) > _MOST_TOKENS:
        return declined(f"This is longer than {_MOST_TOKENS} words. Say one change after the other.", outcome="refuse")
    told = instruction_of(words)
    # "Remove the city" is a command to the rule, but a query stays one; behind a word, only the latter is refused.
    refused = refusal(f"people {prompt}" if told.kind else prompt)
    if refused is not None:
        return declined(refused, outcome="refuse")
    try:
        if told.kind == "opposite":
            return opposite(present, words)
        if told.kind == "remove":
            return removed(present, words, told) or excluded(present, words, told)
        if told.kind == "without":
            return named_elsewhere(present, words, told) or added(present, words, told)
        if told.kind == "set":
            return replaced_by(present, words, told)
        if told.kind == "swap":
            return substituted(present, words, told)
        if told.kind == "or":
            return widened(present, words, told)
        return bare_replaced(present, words, told) or (
            added(present, words, told) if told.kind == "and" else fresh(present, words, told)
        )
    except Unclear as unclear:
        return declined(unclear.question, unclear.spans)
    except Refused as refused_words:
        return refused_words.suggestion
