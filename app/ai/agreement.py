"""Where the grammar understood every word, it and a model have to agree; a difference is shown, never swallowed."""

from __future__ import annotations

from dataclasses import replace

from app.ai.alike import alike
from app.ai.provider import named
from app.ai.suggestion import Assumption, Suggestion
from app.segments.catalogue import Catalogue
from app.segments.grammar.lexicon import unknown_spans
from app.segments.grammar.prompt import Prompt


def agrees(answer: Suggestion, own: Suggestion, catalogue: Catalogue) -> bool:
    """Whether the model's rule is the grammar's or one that the grammar offers as another choice.

    True where the grammar has no rule to compare with.
    """
    if own.outcome != "ok" or own.rule is None or answer.rule is None:
        return True
    others = [item.alternative for item in own.assumptions if item.alternative is not None]
    return any(alike(answer.rule, rule, catalogue) for rule in (own.rule, *others))


def settled(answer: Suggestion, own: Suggestion, words: Prompt) -> Suggestion:
    """The model's checked answer next to the grammar's.

    Alike: the model's in the grammar's spelling, with the grammar's assumptions. One of the grammar's other choices:
    the model's, the grammar's rule being the other choice now. Different although every word was understood: the
    grammar's rule, whose other choice is the model's. Where the grammar only knew that the words can be read in two
    ways, that is said.
    """
    if own.outcome != "ok" or own.rule is None:
        return _doubted(answer, own, words)
    who = named(answer.source) if answer.source != "grammar" else "The AI"
    if answer.rule is None:
        asked = answer.question or answer.note or "it declined"
        return replace(
            own, note=f"{who} did not answer with a rule ({asked}); the built-in grammar understood every word."
        )
    if alike(answer.rule, own.rule, words.catalogue):
        kept = {item.code for item in own.assumptions}
        more = tuple(item for item in answer.assumptions if item.code not in kept)
        return replace(
            answer,
            outcome="ok",
            rule=own.rule,
            sentence=own.sentence,
            assumptions=(*own.assumptions, *more),
            unsupported=(),
            question=None,
        )
    for item in own.assumptions:
        if item.alternative is not None and alike(answer.rule, item.alternative, words.catalogue):
            other = Assumption(code=item.code, text=f"The other choice: {own.sentence}.", alternative=own.rule)
            rest = tuple(known for known in answer.assumptions if known.code != item.code)
            return replace(answer, assumptions=(other, *rest))
    differs = Assumption(
        code="read_differently", text=f"{who} read this differently: {answer.sentence}.", alternative=answer.rule
    )
    note = f"{who} read this differently. The built-in grammar understood every word, so its rule is shown."
    return replace(own, assumptions=(*own.assumptions, differs), note=note)


def _doubted(answer: Suggestion, own: Suggestion, words: Prompt) -> Suggestion:
    """A question of the grammar's about words it knows becomes an assumption of the model's rule."""
    if answer.rule is None or answer.outcome == "clarify" or not own.question or own.outcome != "clarify":
        return answer
    if unknown_spans(words) or own.question.startswith("I did not understand"):
        return answer
    doubt = Assumption(code="two_readings", text=f"Decided by the AI: {own.question}")
    return replace(answer, assumptions=(doubt, *answer.assumptions))
