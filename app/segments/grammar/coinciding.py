"""Where one word names several things of the shop, the person says which: "gold" may be a tag, a tier, a category."""

from __future__ import annotations

from app.segments.grammar.days import MONTHS
from app.segments.grammar.names import PLACES, Known, Listing
from app.segments.grammar.prompt import Prompt, Unclear
from app.segments.grammar.vague import vague_question

_GOODS = ("order.category", "order.product")


def check_other_meanings(prompt: Prompt, at: int, found: Listing) -> None:
    """Raise Unclear for a bare word that means something else too: a value of another field, a month, a vague word."""
    start = prompt.skip(at, "either", "both")
    custom = [field.name for field in prompt.catalogue.fields.values() if field.group == "Custom"]
    text = prompt.span(at, found.end)
    for hit in prompt.names.at(prompt, start, (*custom, *_GOODS)):
        if hit.field != found.field:
            raise _either(prompt, text, found.field, hit)
    if prompt.word(start) in MONTHS:
        mine = _label(prompt, found.field)
        raise Unclear(f"Does “{text}” mean {mine} or the month? Say “{mine} {found.values[0]}”, for example.", [text])
    token = prompt.token(start)
    question = vague_question(prompt.word(start)) if found.field in PLACES else None
    if question is not None and token is not None and token.text.islower():
        raise Unclear(question, [text])


def check_buyers(prompt: Prompt, at: int, found: Listing) -> None:
    """Raise Unclear for "coffee customers" where coffee is no category alone: they may be tagged so, or live there."""
    others = [name for name, field in prompt.catalogue.fields.items() if field.values]
    for hit in prompt.names.at(prompt, at, others):
        raise _either(prompt, prompt.span(at, found.end), found.field, hit)


def check_segments(prompt: Prompt, at: int, found: Listing) -> None:
    """A bare word may be a tag and the name of a segment; only the person knows which is meant."""
    telling = {value: _telling(value) for value in found.values}
    for name in prompt.catalogue.segments.values():
        tag = next((value for value, words in telling.items() if words == _telling(name)), None)
        if tag is not None:
            raise Unclear(
                f"Do you mean the tag “{tag}” or the segment “{name}”? Say “tagged {tag}” or “in the segment {name}”.",
                [prompt.span(at, found.end)],
            )


def _telling(name: str) -> set[str]:
    """The words of a name that tell it from others, whatever their number: "Big spenders" is "big spender"."""
    nouns = {"customer", "people", "buyer", "user", "the", "segment", "member", "shopper"}
    return {word.removesuffix("s") for word in name.casefold().split()} - nouns


def sold_as(prompt: Prompt, at: int) -> bool:
    """Whether the shop sells something under the word that stands here."""
    return bool(prompt.names.at(prompt, at, _GOODS))


def _either(prompt: Prompt, text: str, mine: str, hit: Known) -> Unclear:
    way = f"bought {hit.value}" if hit.field in _GOODS else f"{_label(prompt, hit.field)} {hit.value}"
    return Unclear(
        f"Does “{text}” mean {_label(prompt, mine)} or {_label(prompt, hit.field)}? Say “{way}”, for example.", [text]
    )


def _label(prompt: Prompt, name: str) -> str:
    order = name.startswith("order.")
    fields = prompt.catalogue.order_fields if order else prompt.catalogue.fields
    return fields[name.removeprefix("order.")].label.lower()
