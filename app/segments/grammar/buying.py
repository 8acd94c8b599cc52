"""From what was said of purchases to a rule: the customer's rollups where they say the same, orders otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from app.segments.grammar.comparison import Comparison
from app.segments.grammar.days import day_after
from app.segments.grammar.durations import Frame
from app.segments.grammar.frames import time_frame
from app.segments.grammar.names import Listing
from app.segments.grammar.numbers import Number, currency_remark
from app.segments.grammar.prompt import Found, Lead, Node, Prompt, Remark, Unclear, deny, group, leaf
from app.segments.grammar.purchase_words import BUT_BEFORE, VERBS


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """What was said of purchases between tokens `at` and `end`."""

    at: int
    end: int
    test: Comparison | None = None
    goods: Listing | None = None
    other: Listing | None = None
    """Goods that were not bought: "Shoes but never Sarees"."""
    where: tuple[Node, ...] = ()
    frame: Frame | None = None
    later: Frame | None = None
    """When it did not happen again: "last year but not this year"."""
    elsewhere: str = ""
    """The sales channel in which nothing was bought: "in store but never online"."""
    amounts: tuple[Number, ...] = ()

    def but(self, **changes: Any) -> Purchase:
        """The same with more known."""
        return replace(self, **changes)

    def bound(self, field: str) -> bool:
        """Whether a field of orders is tested already."""
        return any(rule["field"] == field for rule in self.where)

    @staticmethod
    def times(operator: str, number: int, end: int, explicit: bool) -> Comparison:
        """Once, twice."""
        return Comparison(((operator, (Number(Decimal(number), end),)),), end, explicit)


def build_count(prompt: Prompt, facts: Purchase, lead: Lead) -> Iterator[Found]:
    """How many orders; without a number, at least one, or none when it is denied."""
    text = prompt.span(facts.at, facts.end)
    remarks = [*currency_remark(prompt, *facts.amounts)] if facts.amounts else []
    plain = facts.goods is None and not facts.where
    if facts.test is None and plain:
        yield from _any_order(prompt, facts, lead, text)
        return
    test = denied_test(facts.test, lead, text)
    nodes = [_counted(where, test, facts.frame, lead) for where in wheres(facts, test, lead, text)]
    bare = test.numbers[0].value if test is not None and not test.explicit else None
    if bare == 1 and facts.amounts and not lead.negated:
        exact, nodes = nodes[0], [with_operator(nodes[0], ">=")]
        remarks.append(Remark("at_least", f"“{text}” means one such order or more.", (nodes[0], exact)))
    elif bare:
        swap = (nodes[0], with_operator(nodes[0], ">="))
        remarks.append(Remark("exact_count", f"“{text}” means exactly {bare}, not {bare} or more.", swap))
    if facts.other is not None:
        if lead.negated or facts.test is not None or facts.frame is not None or facts.where:
            raise Unclear(f"What of “{text}” applies to what was not bought? Say it in two parts.", [text])
        where = wheres(facts.but(goods=facts.other), None, lead, text)[0]
        nodes.append(orders_node("count", "=", 0, where, None))
    if facts.later is not None:
        nodes.append(_not_again(facts, lead, text))
    if facts.elsewhere:
        if lead.negated or facts.test is not None or facts.frame is not None or facts.goods is not None:
            raise Unclear(f"What of “{text}” applies to the second channel? Say it in two parts.", [text])
        nodes.append(orders_node("count", "=", 0, (leaf("channel", "=", facts.elsewhere),), None))
    yield found_in(facts, group("and", nodes), remarks, lead)


def _not_again(facts: Purchase, lead: Lead, text: str) -> Node:
    """Last year but not this year: the same purchase, denied for another time."""
    later, goods = facts.later, facts.goods
    if later is None or lead.negated or facts.test is not None or facts.other is not None:
        raise Unclear(f"What of “{text}” applies to the time without orders? Say it in two parts.", [text])
    if goods is not None and goods.joint in ("and", "both"):
        raise Unclear(f"In “{text}”, which goods were not bought again?", [text])
    where = (*wheres(facts, None, lead, text)[0],)
    if not where and later.operator == "inLast":
        return leaf("last_order_at", "before", {**later.value, "direction": "ago"})
    return orders_node("count", "=", 0, where, later)


def _any_order(prompt: Prompt, facts: Purchase, lead: Lead, text: str) -> Iterator[Found]:
    """Has ordered, or has not, at all or within a time frame."""
    frame = facts.frame
    if frame is None and facts.later is None:
        node = leaf("order_count", "=", 0) if lead.negated else leaf("order_count", ">=", 1)
        yield found_in(facts, node, [], lead)
    elif lead.negated and frame is not None and facts.later is None:
        yield _absent(prompt, facts, frame, lead, text)
    elif frame is not None and frame.operator == "before":
        raise Unclear(f"Does “{text}” mean their last order, their first order, or any order?", [text])
    else:
        node = _ordered(frame)
        again = [_not_again(facts, lead, text)] if facts.later is not None else []
        yield found_in(facts, group("and", [node, *again]), [], lead)


def _ordered(frame: Frame | None) -> Node:
    if frame is None:
        return leaf("order_count", ">=", 1)
    if frame.running:
        return leaf("last_order_at", frame.operator, frame.value)
    return orders_node("count", ">=", 1, (), frame)


def _absent(prompt: Prompt, facts: Purchase, frame: Frame, lead: Lead, text: str) -> Found:
    """Has not ordered for 90 days. Whoever never ordered is left out, and offered as the other choice."""
    if lead.negation == "except":
        return found_in(facts, deny(_ordered(frame)), [], lead)
    before = prompt.skip(facts.end, *BUT_BEFORE)
    if before > facts.end or _goes_on_buying(prompt, facts.end):
        none = orders_node("count", "=", 0, (), frame)
        rules = [leaf("order_count", ">=", 1), none] if before > facts.end else [none]
        if frame.operator == "inLast":
            rules = [leaf("last_order_at", "before", {**frame.value, "direction": "ago"})]
        return found_in(facts.but(end=before), group("and", rules), [], lead)
    if frame.operator == "inLast":
        node = leaf("last_order_at", "before", {**frame.value, "direction": "ago"})
    elif frame.operator == "after":
        node = leaf("last_order_at", "before", _next_day(frame.value))
    else:
        when = _when(prompt, facts)
        raise Unclear(
            f"Should people who never ordered at all be in? If not, say “ordered before but not {when}”; "
            f"if so, say “everyone except those who ordered {when}”.",
            [text],
        )
    swap = group("or", [node, leaf("order_count", "=", 0)])
    remark = Remark("never_bought_excluded", "People who never ordered are not in.", (node, swap))
    return found_in(facts, node, [remark], lead)


def _when(prompt: Prompt, facts: Purchase) -> str:
    """The words of the time frame that ends what was said: "in 2026"."""
    frames = ((at, time_frame(prompt, at)) for at in range(facts.at, facts.end))
    start = next((at for at, frame in frames if frame is not None and frame.end == facts.end), facts.end - 2)
    return prompt.span(start, facts.end)


def _goes_on_buying(prompt: Prompt, at: int) -> bool:
    """Whether "but ordered last year" follows: who never ordered is out by that, and need not be asked about."""
    joint = prompt.skip(at, "but", "and", ", but", ", and")
    verb = prompt.skip(joint, "did", "have", "had", "has", "who", "who have", "who has")
    bought = prompt.skip(verb, *VERBS)
    return joint > at and bought > verb and time_frame(prompt, bought) is not None


def _next_day(value: str) -> str:
    return day_after(date.fromisoformat(value)).isoformat()


def denied_test(test: Comparison | None, lead: Lead, text: str) -> Comparison | None:
    if test is None or not lead.negated:
        return test
    denied = test.denied() if test.explicit else None
    if denied is None or lead.negation in ("no", "without"):
        raise Unclear(f"Who should be in with “not {text}”?", [text])
    return denied


def wheres(facts: Purchase, test: Comparison | None, lead: Lead, text: str) -> list[tuple[Node, ...]]:
    """The conditions on the orders: one set, or one for each of "Shoes and Sarees"."""
    goods = facts.goods
    if goods is None:
        return [facts.where]
    field = goods.field.removeprefix("order.")
    several = len(goods.values) > 1
    if several and goods.commas and not lead.negated:
        raise Unclear(f"In “{text}”, is it all of these goods, or any of them? Say “and” or “or”.", [text])
    if several and goods.joint in ("and", "both"):
        if test is not None or lead.negated:
            raise Unclear(f"In “{text}”, does it count for each of them, or for all together?", [text])
        return [(leaf(field, "=", value), *facts.where) for value in goods.values]
    if goods.joint.startswith("nor") and not lead.negated:
        raise Unclear(f"Who should be in with “{text}”?", [text])
    own = leaf(field, "in", list(goods.values)) if several else leaf(field, "=", goods.values[0])
    return [(own, *facts.where)]


def _counted(where: tuple[Node, ...], test: Comparison | None, frame: Frame | None, lead: Lead) -> Node:
    if test is None:
        return orders_node("count", "=" if lead.negated else ">=", 0 if lead.negated else 1, where, frame)
    if not where and frame is None:
        return test.node(lambda operator, value: leaf("order_count", operator, value))
    return test.node(lambda operator, value: orders_node("count", operator, value, where, frame))


def orders_node(measure: str, operator: str, value: object, where: tuple[Node, ...], frame: Frame | None) -> Node:
    node: Node = {"field": "orders", "measure": measure, "operator": operator, "value": value}
    if where:
        node["where"] = {"combinator": "and", "rules": list(where)}
    if frame is not None:
        node["window"] = frame.window
    return node


def with_operator(node: Node, operator: str) -> Node:
    return {**node, "operator": operator}


def found_in(facts: Purchase, node: Node, remarks: list[Remark], lead: Lead, kind: str = "orders") -> Found:
    frame = facts.frame
    timed = (*(frame.remarks if frame else ()), *(facts.later.remarks if facts.later else ()))
    remarks = [*remarks, *timed, *(facts.goods.remarks if facts.goods else ())]
    return Found(
        node=node,
        end=facts.end,
        kind=kind,
        remarks=tuple(remarks),
        negated=lead.negated,
        timed=frame is not None,
        loose=frame is not None and frame.loose,
    )
