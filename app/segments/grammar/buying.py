"""From what was said of purchases to a rule: the customer's rollups where they say the same, orders otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from app.segments.grammar.comparison import Comparison
from app.segments.grammar.days import day_after
from app.segments.grammar.frames import Frame
from app.segments.grammar.names import Listing
from app.segments.grammar.numbers import Number, currency_remark
from app.segments.grammar.prompt import Found, Lead, Node, Prompt, Remark, Unclear, deny, group, leaf


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
    test = _denied(facts.test, lead, text)
    nodes = [_counted(where, test, facts.frame, lead) for where in _wheres(facts, test, lead, text)]
    bare = test.numbers[0].value if test is not None and not test.explicit else None
    if bare:
        swap = (nodes[0], _with_operator(nodes[0], ">="))
        remarks.append(Remark("exact_count", f"“{text}” means exactly {bare}, not {bare} or more.", swap))
    if facts.other is not None:
        if lead.negated or facts.test is not None or facts.frame is not None or facts.where:
            raise Unclear(f"What of “{text}” applies to what was not bought? Say it in two parts.", [text])
        where = _wheres(facts.but(goods=facts.other), None, lead, text)[0]
        nodes.append(_orders("count", "=", 0, where, None))
    yield _found(facts, group("and", nodes), remarks, lead)


def build_spend(prompt: Prompt, facts: Purchase, lead: Lead) -> Iterator[Found]:
    """How much in total; a bare amount means at least that much."""
    text = prompt.span(facts.at, facts.end)
    test = facts.test
    if test is None or facts.other is not None:
        return
    remarks = [*currency_remark(prompt, *test.numbers)]
    bare = not test.explicit
    if bare and lead.negated:
        raise Unclear(f"Should “not {text}” mean less than that, or any other amount?", [text])
    if bare:
        test = Comparison(((">=", test.numbers),), test.end)
        remarks.append(Remark("at_least", f"“{text}” means that much or more."))
    test = _denied(test, lead, text) or test
    where = _wheres(facts, test, Lead(end=lead.end), text)[0]
    if not where and facts.frame is None:
        node = test.node(lambda operator, value: leaf("total_spent", operator, value))
    else:
        node = test.node(lambda operator, value: _orders("sum", operator, value, where, facts.frame))
    if bare:
        remarks[-1] = replace(remarks[-1], swap=(node, _with_operator(node, "=")))
    yield _found(facts, node, remarks, lead, kind="spend")


def build_measure(prompt: Prompt, facts: Purchase, measure: str, lead: Lead) -> Iterator[Found]:
    """The average or the largest order; the customer's own average where nothing narrows it down."""
    test = facts.test
    if test is None or lead.negated or facts.other is not None:
        raise Unclear("Should people who never ordered be in?", [prompt.span(facts.at, facts.end)])
    where = _wheres(facts, test, lead, prompt.span(facts.at, facts.end))[0]
    if measure == "avg" and not where and facts.frame is None:
        node = test.node(lambda operator, value: leaf("average_order_value", operator, value))
    else:
        node = test.node(lambda operator, value: _orders(measure, operator, value, where, facts.frame))
    yield _found(facts, node, [*currency_remark(prompt, *test.numbers)], lead, kind="spend")


def _any_order(prompt: Prompt, facts: Purchase, lead: Lead, text: str) -> Iterator[Found]:
    """Has ordered, or has not, at all or within a time frame."""
    frame = facts.frame
    if frame is None:
        node = leaf("order_count", "=", 0) if lead.negated else leaf("order_count", ">=", 1)
        yield _found(facts, node, [], lead)
        return
    if lead.negated:
        yield _absent(prompt, facts, frame, lead, text)
    elif frame.running:
        yield _found(facts, leaf("last_order_at", frame.operator, frame.value), [], lead)
    elif frame.operator == "before":
        raise Unclear(f"Does “{text}” mean their last order, their first order, or any order?", [text])
    else:
        yield _found(facts, _orders("count", ">=", 1, (), frame), [], lead)


def _absent(prompt: Prompt, facts: Purchase, frame: Frame, lead: Lead, text: str) -> Found:
    """Has not ordered for 90 days. Whoever never ordered is left out, and offered as the other choice."""
    if lead.negation == "except":
        present = leaf("last_order_at", frame.operator, frame.value)
        return _found(facts, deny(present if frame.running else _orders("count", ">=", 1, (), frame)), [], lead)
    if frame.operator == "inLast" and lead.negation == "not":
        node = leaf("last_order_at", "before", {**frame.value, "direction": "ago"})
    elif frame.operator == "after" and lead.negation == "not":
        node = leaf("last_order_at", "before", _next_day(frame.value))
    else:
        raise Unclear(f"For “{text}”: should people who never ordered at all be in?", [text])
    swap = group("or", [node, leaf("order_count", "=", 0)])
    remark = Remark("never_bought_excluded", "People who never ordered are not in.", (node, swap))
    return _found(facts, node, [remark], lead)


def _next_day(value: str) -> str:
    return day_after(date.fromisoformat(value)).isoformat()


def _denied(test: Comparison | None, lead: Lead, text: str) -> Comparison | None:
    if test is None or not lead.negated:
        return test
    denied = test.denied() if test.explicit else None
    if denied is None or lead.negation in ("no", "without"):
        raise Unclear(f"Who should be in with “not {text}”?", [text])
    return denied


def _wheres(facts: Purchase, test: Comparison | None, lead: Lead, text: str) -> list[tuple[Node, ...]]:
    """The conditions on the orders: one set, or one for each of "Shoes and Sarees"."""
    goods = facts.goods
    if goods is None:
        return [facts.where]
    field = goods.field.removeprefix("order.")
    several = len(goods.values) > 1
    if several and goods.joint in ("and", "both"):
        if test is not None or lead.negated:
            raise Unclear(f"In “{text}”, does it count for each of them, or for all together?", [text])
        return [(leaf(field, "=", value), *facts.where) for value in goods.values]
    if goods.joint == "nor" and not lead.negated:
        raise Unclear(f"Who should be in with “{text}”?", [text])
    own = leaf(field, "in", list(goods.values)) if several else leaf(field, "=", goods.values[0])
    return [(own, *facts.where)]


def _counted(where: tuple[Node, ...], test: Comparison | None, frame: Frame | None, lead: Lead) -> Node:
    if test is None:
        return _orders("count", "=" if lead.negated else ">=", 0 if lead.negated else 1, where, frame)
    if not where and frame is None:
        return test.node(lambda operator, value: leaf("order_count", operator, value))
    return test.node(lambda operator, value: _orders("count", operator, value, where, frame))


def _orders(measure: str, operator: str, value: object, where: tuple[Node, ...], frame: Frame | None) -> Node:
    node: Node = {"field": "orders", "measure": measure, "operator": operator, "value": value}
    if where:
        node["where"] = {"combinator": "and", "rules": list(where)}
    if frame is not None:
        node["window"] = frame.window
    return node


def _with_operator(node: Node, operator: str) -> Node:
    return {**node, "operator": operator}


def _found(facts: Purchase, node: Node, remarks: list[Remark], lead: Lead, kind: str = "orders") -> Found:
    frame = facts.frame
    remarks = [*remarks, *(frame.remarks if frame else ()), *(facts.goods.remarks if facts.goods else ())]
    return Found(
        node=node, end=facts.end, kind=kind, remarks=tuple(remarks), negated=lead.negated, timed=frame is not None
    )
