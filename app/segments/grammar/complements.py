"""What goes with a purchase, in any order: when, of what, where, with which coupon, how often."""

from __future__ import annotations

from app.segments.grammar.buying import Purchase
from app.segments.grammar.comparison import Comparison, comparison
from app.segments.grammar.durations import Frame, duration
from app.segments.grammar.frames import time_frame
from app.segments.grammar.names import listing
from app.segments.grammar.numbers import amount
from app.segments.grammar.prompt import Lead, Prompt, Unclear, leaf
from app.segments.grammar.purchase_words import (
    BEFORE_NOW,
    COUPONS,
    ELAPSED,
    NEVER_AGAIN,
    NOT_AGAIN,
    NOT_AGAIN_ENDS,
    NOUNS,
    OF_GOODS,
    REDEEMED,
    SIGNS,
    USING,
    VERBS,
)
from app.segments.grammar.times import times as how_often


def adjectives(prompt: Prompt, facts: Purchase) -> Purchase:
    """Paid, online, Shoes: words before "orders"."""
    while True:
        for field in ("status", "channel", "category"):
            start = prompt.skip(facts.end, "in") if prompt.word(facts.end + 1) == "store" else facts.end
            found = next(listing(prompt, start, [f"order.{field}"]), None)
            if found is not None and not facts.bound(field) and (len(found.values) == 1 or found.joint == "or"):
                values = list(found.values)
                node = leaf(field, "=", values[0]) if len(values) == 1 else leaf(field, "in", values)
                facts = facts.but(where=(*facts.where, node), end=found.end)
                break
        else:
            return facts


def each_amount(prompt: Prompt, facts: Purchase, *, plural: bool) -> Purchase:
    """The amount of each order: "an order over 5k", "3 orders of at least 2k each"."""
    each = prompt.skip(facts.end, "each", "each worth", "each of", "with a value of", "with an amount of", "valued")
    start = prompt.skip(
        facts.end, "worth", "of", "valued at", "totalling", "totaling", "amounting to", "for", "with value"
    )
    start = max(start, each)
    test = comparison(prompt, start, amount)
    if start == facts.end and prompt.word(start)[:1] in SIGNS and plural and facts.test is None:
        return facts
    if test is None or not (test.explicit or start > facts.end) or prompt.word(test.end) in ("times", "years", "days"):
        return facts
    end = prompt.skip(test.end, "each", "apiece", "per order")
    if each > facts.end and end > test.end:
        return facts
    if end == test.end and each == facts.end and plural and (facts.test is None or start > facts.end):
        text = prompt.span(facts.at, test.end)
        raise Unclear(f"In “{text}”, is that the number of orders, the amount of each order, or their total?", [text])
    node = test.node(lambda operator, value: leaf("amount", operator, value))
    where = tuple(node["rules"]) if "rules" in node else (node,)
    return facts.but(where=(*facts.where, *where), end=end, amounts=(*facts.amounts, *test.numbers))


def complements(prompt: Prompt, facts: Purchase, lead: Lead, *, times: bool = True) -> Purchase:
    """What follows the verb or noun, in any order, each at most once."""
    while True:
        new = (
            _frame(prompt, facts, lead)
            or _goods(prompt, facts)
            or _channel(prompt, facts)
            or coupon(prompt, facts, USING)
            or (how_often(prompt, facts) if times else None)
            or _later(prompt, facts, lead)
            or _elsewhere(prompt, facts, lead)
        )
        if new is None:
            return facts
        facts = new


def never_again(prompt: Prompt, facts: Purchase, lead: Lead) -> Purchase:
    """Bought twice but never again: so often and no more, which a bare count then says for sure."""
    end = prompt.skip(facts.end, *NEVER_AGAIN)
    test = facts.test
    plain = facts.frame is None and facts.goods is None and not facts.where and facts.later is None
    if end == facts.end or test is None or test.explicit or lead.negated or not plain:
        return facts
    return facts.but(test=Comparison(test.tests, test.end, explicit=True), end=end)


def _frame(prompt: Prompt, facts: Purchase, lead: Lead) -> Purchase | None:
    if facts.frame is not None:
        return None
    frame = time_frame(prompt, facts.end)
    if lead.negated and (since := elapsed(prompt, facts.end)) and (frame is None or since.end > frame.end):
        frame = since
        if lead.negation == "never" and facts.test is not None:
            text = prompt.span(facts.at, since.end)
            raise Unclear(f"In “{text}”, is that the time up to today? Then say “in the last ...”.", [text])
    return facts.but(frame=frame, end=frame.end) if frame else None


def _later(prompt: Prompt, facts: Purchase, lead: Lead) -> Purchase | None:
    """But not this year: the time in which it did not happen again."""
    if facts.later is not None or lead.negated:
        return None
    start = prompt.skip(prompt.skip(facts.end, *BEFORE_NOW), *NOT_AGAIN)
    frame = time_frame(prompt, start) if prompt.has(start - 1, *NOT_AGAIN_ENDS) and start > facts.end else None
    if frame is None or frame.operator == "before":
        return None
    if prompt.word(start - 1) == "nothing" and (facts.goods is not None or facts.where):
        text = prompt.span(facts.at, frame.end)
        raise Unclear(f"In “{text}”, is it nothing at all, or nothing of that kind? Say “but not ordered ...”.", [text])
    return facts.but(later=frame, end=frame.end)


def _elsewhere(prompt: Prompt, facts: Purchase, lead: Lead) -> Purchase | None:
    """In store but never online: the channel where it did not happen."""
    start = prompt.skip(facts.end, *NOT_AGAIN)
    if start == facts.end or lead.negated or facts.elsewhere or not facts.bound("channel"):
        return None
    start = prompt.skip(start, "in", "in the", "through", "on", "via")
    hits = prompt.names.at(prompt, start, ["order.channel"])
    return facts.but(elsewhere=hits[0].value, end=hits[0].end) if hits else None


def elapsed(prompt: Prompt, at: int) -> Frame | None:
    """For 90 days, in over 3 months: how long something has not happened."""
    start = prompt.skip(at, *ELAPSED)
    bare = prompt.word(at - 1) in NOUNS or prompt.has(at - 1, *VERBS)
    length = duration(prompt, start) if start > at or bare else None
    if length is None or prompt.word(length.end) in ("ago", "old"):
        return None
    return Frame("inLast", length.span, prompt.skip(length.end, "or more", "now"), running=True)


def _goods(prompt: Prompt, facts: Purchase) -> Purchase | None:
    if facts.goods is not None or facts.bound("category"):
        return None
    start = prompt.skip(facts.end, *OF_GOODS)
    fields, again = ("order.category", "order.product"), ("from", "in", "any", "the", "of", "on")
    listings = [item for here in {start, facts.end} for item in listing(prompt, here, fields, again=again)]
    found = max(listings, key=lambda item: item.end, default=None)
    if found is None:
        return _product(prompt, facts)
    end = prompt.skip(found.end, "products", "items", "category", "categories", "goods", "items from us", "stuff")
    return _without(prompt, facts.but(goods=found, end=end))


def _without(prompt: Prompt, facts: Purchase) -> Purchase:
    """But never Sarees: goods of the same kind that were not bought."""
    start = prompt.skip(
        facts.end, *(f"{but} {no}" for but in ("but", "and", ", but", ",") for no in ("not", "never", "no", "not any"))
    )
    if start == facts.end or facts.goods is None:
        return facts
    for found in listing(prompt, start, [facts.goods.field], again=("any", "or", "from")):
        if found.joint in ("", "or", "nor again"):
            return facts.but(other=found, end=prompt.skip(found.end, "products", "items"))
    return facts


def _product(prompt: Prompt, facts: Purchase) -> Purchase | None:
    """The product “Red Kurta”: only in quotes, since the words of a free name have no end."""
    start = prompt.skip(
        facts.end, "the product", "product", "a product called", "the item", "of product", "of the product"
    )
    token = prompt.token(start)
    if start == facts.end or token is None or facts.bound("product"):
        return None
    end = start + 1
    if token.kind != "quoted":
        end = _title(prompt, start)
    name = token.text if token.kind == "quoted" else prompt.span(start, end)
    if not name or end == start:
        return None
    return facts.but(where=(*facts.where, leaf("product", "=", name)), end=end)


def _title(prompt: Prompt, at: int) -> int:
    """The end of a name in capitals that stands alone: "the product Red Kurta"; `at` where it has no clear end."""
    end = at
    while (token := prompt.token(end)) is not None and token.kind == "word" and token.text[:1].isupper():
        end += 1
    return end if prompt.word(end) in ("", ".", ",", ")", "and", "or", "but", "in", "who") else at


def _channel(prompt: Prompt, facts: Purchase) -> Purchase | None:
    if facts.bound("channel"):
        return None
    start = prompt.skip(
        facts.end, "in", "in the", "in a", "at the", "via", "through", "on", "via the", "through the", "in our"
    )
    hits = prompt.names.at(prompt, start, ["order.channel"])
    if not hits or (start == facts.end and hits[0].value.casefold() not in ("online", "offline")):
        return None
    end = prompt.skip(hits[0].end, "channel")
    return facts.but(where=(*facts.where, leaf("channel", "=", hits[0].value)), end=end)


def coupon(prompt: Prompt, facts: Purchase, ways: tuple[str, ...]) -> Purchase | None:
    """With the coupon DIWALI20, using DIWALI20, without a coupon."""
    if facts.bound("coupon"):
        return None
    without = prompt.skip(facts.end, *(f"without {a}{noun}" for a in ("", "a ", "any ") for noun in COUPONS))
    if ways and without > facts.end:
        return facts.but(where=(*facts.where, leaf("coupon", "null")), end=without)
    start = prompt.skip(facts.end, *ways) if ways else prompt.skip(facts.end, "the", "a", "our", "any", "some", "an")
    if ways and start == facts.end:
        return None
    word = prompt.skip(start, *COUPONS)
    known = prompt.names.at(prompt, word, ["order.coupon"])
    token = prompt.token(word)
    after = prompt.skip(known[0].end if known else word + 1, *COUPONS)
    said = word > start or after > (known[0].end if known else word + 1)
    said = said or (not ways and prompt.word(facts.end - 1) in REDEEMED and token is not None and _is_sure(token.text))
    several = next((item for item in listing(prompt, word, ["order.coupon"]) if len(item.values) > 1), None)
    if several is not None and several.joint in ("or", "either"):
        node = leaf("coupon", "in", list(several.values))
        return facts.but(where=(*facts.where, node), end=prompt.skip(several.end, *COUPONS))
    code = known[0].value if known else token.text if token and said and _is_code(token.text, token.kind) else None
    if code is not None and (said or known):
        return facts.but(where=(*facts.where, leaf("coupon", "=", code)), end=after)
    if word > start and (prompt.word(start - 1) in ("a", "any", "some", "an") or prompt.word(word - 1).endswith("s")):
        return facts.but(where=(*facts.where, leaf("coupon", "notNull")), end=word)
    return None


def _is_sure(text: str) -> bool:
    """Whether a word in capitals with digits, such as SAVE20, can be nothing but a code."""
    return text.isalnum() and text.isupper() and text[-1].isdigit() and sum(map(str.isalpha, text)) > 2


def _is_code(text: str, kind: str) -> bool:
    """Whether a word looks like a code: in quotes, in capitals, or with a digit in it."""
    spelled = kind in ("word", "raw") and len(text) > 2 and (text.isupper() or any(map(str.isdigit, text)))
    return (kind == "quoted" and bool(text)) or spelled
