"""Parts of what is written on an order: "product name contains saree", "coupon starts with WELCOME"."""

from __future__ import annotations

from collections.abc import Iterator

from app.segments.grammar.buying import Purchase, build_count
from app.segments.grammar.complements import complements
from app.segments.grammar.frames import time_frame
from app.segments.grammar.prompt import Found, Lead, Prompt, leaf
from app.segments.grammar.purchase_words import NOUNS, VERBS

_PARTS = {
    "contains": ("contains", "contain", "containing", "includes", "including"),
    "beginsWith": ("starts with", "starting with", "begins with", "beginning with"),
    "endsWith": ("ends with", "ending with", "ends in", "ending in"),
}
_OPERATORS = {phrase: operator for operator, phrases in _PARTS.items() for phrase in phrases}
_NAMED = {
    "product": ("product", "product name", "product title", "product's name", "products", "product names"),
    "coupon": ("coupon", "coupon code", "coupon name"),
}
_NAMES = {
    f"{before}{phrase}": field
    for field, phrases in _NAMED.items()
    for phrase in phrases
    for before in ("", "the ", "a ", "with ", "with a ", "with the ", "whose ")
}
_NAMED_PRODUCTS = tuple(
    f"{a}{noun} {whose} name"
    for a in ("", "a ", "any ")
    for noun in ("product", "products")
    for whose in ("whose", "with", "with a", "where the")
)
_FROM_US = {"from", "us", "with"}
_BOUGHT = ({word for verb in (*VERBS, *NOUNS) for word in verb.split()} | {"spent", "buyers", "used"}) - _FROM_US
_ENDS = ("", ",", ")", "]", ".", "and", "or", "but", "who", "?", "!", ";")


def products(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Orders by a part of the product's name or of the coupon; always with at least one such order."""
    if lead.negated:
        return
    bought = prompt.skip(at, *VERBS)
    if bought == at and _of_other_order(prompt, at):
        return
    field, named = "product", prompt.skip(bought, *_NAMED_PRODUCTS)
    if named == bought:
        known = prompt.lookup(bought, _NAMES)
        if known is None:
            return
        field, named = known
    operator = prompt.lookup(named, _OPERATORS)
    if operator is None or field not in prompt.catalogue.order_fields:
        return
    text = _part(prompt, operator[1])
    if text is not None:
        facts = Purchase(at=at, end=operator[1] + 1, where=(leaf(field, operator[0], text),))
        yield from build_count(prompt, complements(prompt, facts, lead, times=False), lead)


def _of_other_order(prompt: Prompt, at: int) -> bool:
    """Whether orders were spoken of before, which the product may belong to: "bought Shoes whose product name ..."."""
    return prompt.word(at - 1) in ("who", "that", "which", "they") or any(
        prompt.word(here) in _BOUGHT for here in range(at)
    )


def _part(prompt: Prompt, at: int) -> str | None:
    """A text in quotes, or one word before a time or the end of the clause."""
    token = prompt.token(at)
    if token is None or not token.text:
        return None
    if token.kind == "quoted":
        return token.text
    ends = prompt.word(at + 1) in _ENDS or time_frame(prompt, at + 1) is not None
    return token.text if ends and token.kind in ("word", "raw", "number") else None
