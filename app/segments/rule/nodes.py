"""The nodes of a rule: frozen values that compare by content and know nothing of JSON or MongoDB."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

Unit: TypeAlias = Literal["day", "week", "month", "quarter", "year"]
Combinator: TypeAlias = Literal["and", "or"]
Measure: TypeAlias = Literal["count", "sum", "avg", "max"]

MAX_DEPTH = 5
MAX_CONDITIONS = 50
MAX_VALUES = 100
MAX_LENGTH = 200


@dataclass(frozen=True, kw_only=True)
class RelativeDay:
    """A day counted from today, which stays relative: `amount` units `ago` or `ahead`. Amount 0 is today."""

    amount: int
    unit: Unit
    direction: Literal["ago", "ahead"] = "ago"


@dataclass(frozen=True, kw_only=True)
class Span:
    """A stretch of `amount` units that ends or begins today."""

    amount: int
    unit: Unit


@dataclass(frozen=True, kw_only=True)
class Period:
    """A calendar week, month, quarter or year: this one, the last or the next."""

    period: Literal["this", "last", "next"]
    unit: Literal["week", "month", "quarter", "year"]


DayValue: TypeAlias = date | RelativeDay
Scalar: TypeAlias = str | bool | int | float | Decimal | DayValue
Value: TypeAlias = Scalar | Span | Period | tuple[Scalar, ...] | None


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One field compared with a value.

    `value` by operator: text as written (str); money Decimal; number int or float; boolean bool; `in`, `anyOf` and the
    like a tuple of str; `between` a tuple of two; date operators a date, RelativeDay, Span or Period; `null` and
    `notNull` None.
    """

    field: str
    operator: str
    value: Value = None
    negated: bool = False


@dataclass(frozen=True, kw_only=True)
class Window:
    """When the orders or deliveries that count were made: a date operator with its value."""

    operator: str
    value: Value


@dataclass(frozen=True, kw_only=True)
class OrdersCondition:
    """A measure over the customer's orders that fit `where` and `window`.

    `value` is an int for `count` and a Decimal for the rest, or a tuple of two of them for `between`.
    Unless `where` says something about the status, only paid and completed orders count.
    """

    measure: Measure
    operator: str
    value: Value
    where: Group | None = None
    window: Window | None = None
    negated: bool = False


@dataclass(frozen=True, kw_only=True)
class CampaignCondition:
    """What became of a campaign's message to the customer. `value` is the campaign's id, or `any`."""

    operator: str
    value: str = "any"
    window: Window | None = None
    negated: bool = False


@dataclass(frozen=True, kw_only=True)
class SegmentCondition:
    """Membership of another segment, by its id."""

    operator: str
    value: str
    negated: bool = False


@dataclass(frozen=True, kw_only=True)
class Group:
    """Conditions and groups joined by `and` or `or`; `negated` selects exactly everybody else. No rules: everybody."""

    rules: tuple[Node, ...] = ()
    combinator: Combinator = "and"
    negated: bool = False


Leaf: TypeAlias = Condition | OrdersCondition | CampaignCondition | SegmentCondition
Node: TypeAlias = Group | Leaf


def leaves(node: Node) -> Iterator[Leaf]:
    """Every condition below a node, depth first, without those inside an orders condition's `where`."""
    if isinstance(node, Group):
        for rule in node.rules:
            yield from leaves(rule)
    else:
        yield node
