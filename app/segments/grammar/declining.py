"""What to say of a prompt that was not understood: which words, what to ask, or why it cannot be."""

from __future__ import annotations

from app.segments.grammar.comparison import comparison
from app.segments.grammar.countries import every_name
from app.segments.grammar.expression import expression
from app.segments.grammar.impossible import impossible
from app.segments.grammar.lexicon import field_words, past_openers, unknown_spans
from app.segments.grammar.numbers import number
from app.segments.grammar.prompt import Prompt, Unclear
from app.segments.grammar.purchase_words import SPENT, VERBS
from app.segments.grammar.vague import vague_question

ENDS = ("", ",", ")", "]", ".", "in", "from", "who", "and", "or", "but", "with", "only")


def not_understood(prompt: Prompt) -> Unclear:
    """The refusal where no rule could say it, else the most helpful question, with the words that are in the way."""
    unknown = unknown_spans(prompt)
    reason = impossible(_without_names(prompt))
    if reason is not None:
        return Unclear(reason, unknown or (_rest(prompt),), final=True)
    question = _segment_question(prompt) or _only(prompt) or _vague(prompt) or _country(prompt) or _bare_number(prompt)
    if question is not None:
        return Unclear(question[0], unknown or (question[1],))
    spans = [span for span in unknown or (_rest(prompt),) if span]
    quoted = ", ".join(f"“{span}”" for span in spans)
    if not quoted:
        return Unclear("Who should be in?")
    return Unclear(f"I did not understand {quoted}. Could you say that in other words?", spans)


def _segment_question(prompt: Prompt) -> tuple[str, str] | None:
    for name in prompt.catalogue.segments.values():
        if any(prompt.spelled(at, name) is not None for at in range(len(prompt))):
            question = (
                f"Do you mean the segment “{name}”? Then say “in the segment {name}”; otherwise say it in other words."
            )
            return question, name
    return None


def _only(prompt: Prompt) -> tuple[str, str] | None:
    """Only bought Shoes: "only" is either a word of emphasis or denies everything else."""
    for at in range(len(prompt)):
        start = prompt.skip(at, "only ever", "only", "just ever", "exclusively", "nothing but")
        if start > at and comparison(prompt, start, number) is None and (_buys(prompt, start) or _buys(prompt, at - 1)):
            text = prompt.span(at if _buys(prompt, start) else at - 1, len(prompt))
            question = (
                f"Does “{text}” leave out who ever bought anything else? Then say what they never bought: "
                "“bought this but never that”."
            )
            return question, text
    return None


def _buys(prompt: Prompt, at: int) -> bool:
    return at >= 0 and prompt.has(at, *VERBS)


def _vague(prompt: Prompt) -> tuple[str, str] | None:
    named, fields = _named(prompt), field_words(prompt)
    for at, token in enumerate(prompt.tokens):
        vague = token.kind in ("word", "raw") and at not in named and token.word not in fields
        question = vague_question(prompt.word(at)) if vague else None
        if question is not None:
            return question, token.text
    return None


def _country(prompt: Prompt) -> tuple[str, str] | None:
    """A country where the shop has nobody."""
    for at, token in enumerate(prompt.tokens):
        known = every_name().get(token.word) if token.kind == "word" else None
        if known is not None and not prompt.names.at(prompt, at, ("country", "nationality", "city", "region")):
            places = prompt.catalogue.fields["country"].values if "country" in prompt.catalogue.fields else ()
            ours = f" Its countries are {', '.join(places[:10])}." if places else ""
            return f"No customer of this shop is stored with the country “{token.text}”.{ours}", token.text
    return None


def _bare_number(prompt: Prompt) -> tuple[str, str] | None:
    """Over 30: years, orders or money?"""
    for at in range(len(prompt)):
        try:
            test = comparison(prompt, at, number)
        except Unclear:
            return None
        said = any(prompt.has(n, *SPENT) for n in range(at))
        if test is not None and test.explicit and not said and prompt.word(test.end) in ENDS:
            text = prompt.span(at, test.end)
            return f"Is “{text}” about age, the number of orders, or money spent? Say which.", text
    return None


def _named(prompt: Prompt) -> set[int]:
    """The tokens that belong to the names of campaigns and segments."""
    names = (*prompt.catalogue.campaigns.values(), *prompt.catalogue.segments.values())
    found = ((at, prompt.spelled(at, name)) for name in names for at in range(len(prompt)))
    return {token for at, end in found if end is not None for token in range(at, end)}


def _without_names(prompt: Prompt) -> str:
    named = _named(prompt)
    return " ".join(token.text for at, token in enumerate(prompt.tokens) if at not in named and token.kind != "quoted")


def _rest(prompt: Prompt) -> str:
    """What follows the part that was understood; all of it when nothing was."""
    clause = expression(prompt, past_openers(prompt))
    rest = prompt.span(clause.end, len(prompt)) if clause else ""
    return rest or prompt.text.strip()[:200]
