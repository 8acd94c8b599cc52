"""JSON to a rule, or an exact refusal: every error with its path, what is wrong and what would be right."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from app.segments.catalogue.fields import (
    CAMPAIGN_OPERATORS,
    DAY_OPERATORS,
    MEASURES,
    NUMBER_OPERATORS,
    PRESENCE,
    SEGMENT_OPERATORS,
    SPECIAL_FIELDS,
    Catalogue,
    Field,
    operators_of,
)
from app.segments.rule.nodes import (
    MAX_CONDITIONS,
    MAX_DEPTH,
    CampaignCondition,
    Condition,
    Group,
    Leaf,
    Node,
    OrdersCondition,
    SegmentCondition,
    Window,
)
from app.segments.rule.reading import Values
from app.segments.rule.refusals import (
    Enough,
    Refusals,
    extra_keys,
    joined,
    shown,
    unknown,
    unknown_field,
    wrong_operator,
)


def parse_rule(raw: object, catalogue: Catalogue) -> Group:
    """Read a rule. A bare condition becomes a group of one; a root group without rules selects everybody.

    Raises RuleError with up to ten errors, each with a path such as `rules[2].rules[0].operator`; the first is the
    detail. Whatever `raw` is, nothing else is raised.
    """
    refusals = Refusals()
    rule: Group | None = None
    with suppress(Enough):
        rule = _Reader(catalogue, refusals).root(raw)
    if refusals.errors or rule is None:
        raise refusals.as_error()
    return rule


class _Reader:
    """Walks the JSON once. Each method gives None after it has noted what is wrong."""

    def __init__(self, catalogue: Catalogue, refusals: Refusals) -> None:
        self._catalogue = catalogue
        self._wrong = refusals.add
        self._values = Values(refusals)
        self._conditions = 0

    def root(self, raw: object) -> Group | None:
        node = self._node(raw, "", 1, None)
        return node if isinstance(node, Group) or node is None else Group(rules=(node,))

    def _node(self, raw: object, path: str, depth: int, orders: Mapping[str, Field] | None) -> Node | None:
        """A group or a condition; `orders` holds the fields that exist inside an orders condition's `where`."""
        if not isinstance(raw, dict):
            self._wrong(path, f"should be a group or a condition, not {shown(raw)}")
            return None
        if "field" in raw:
            return self._leaf(raw, path, orders)
        if "rules" in raw or "combinator" in raw:
            return self._group(raw, path, depth, orders)
        self._wrong(path, "should be a group with combinator and rules, or a condition with field, operator and value")
        return None

    def _group(
        self, raw: dict[Any, Any], path: str, depth: int, orders: Mapping[str, Field] | None = None
    ) -> Group | None:
        if depth > MAX_DEPTH:
            self._wrong(path, f"is nested too deep; at most {MAX_DEPTH} levels are possible")
            return None
        self._keys(raw, path, ("combinator", "not", "rules"))
        negated = self._negated(raw, path)
        combinator = raw.get("combinator")
        if combinator not in ("and", "or"):
            message = (
                unknown(combinator, "a combinator", ("and", "or"))
                if "combinator" in raw
                else "is missing; use and or or"
            )
            self._wrong(_at(path, "combinator"), message)
        rules = raw.get("rules")
        if not isinstance(rules, list):
            self._wrong(
                _at(path, "rules"),
                f"should be a list of conditions, not {shown(rules)}" if "rules" in raw else "is missing",
            )
            return None
        if not rules and (depth > 1 or negated):
            what = (
                "has no conditions, so it cannot be negated"
                if negated
                else "has no conditions; add one or leave the group out"
            )
            self._wrong(_at(path, "rules"), what)
        nodes = [self._node(rule, _at(path, f"rules[{index}]"), depth + 1, orders) for index, rule in enumerate(rules)]
        read = tuple(node for node in nodes if node is not None)
        return Group(rules=read, combinator="or" if combinator == "or" else "and", negated=bool(negated))

    def _leaf(self, raw: dict[Any, Any], path: str, orders: Mapping[str, Field] | None) -> Leaf | None:
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            self._wrong(path, f"is one condition too many; at most {MAX_CONDITIONS} are possible")
            raise Enough
        name = raw["field"]
        if orders is None and name == "orders":
            return self._orders(raw, path)
        if orders is None and name == "campaign":
            return self._campaign(raw, path)
        if orders is None and name == "segment":
            return self._segment(raw, path)
        return self._condition(raw, path, orders)

    def _condition(self, raw: dict[Any, Any], path: str, orders: Mapping[str, Field] | None) -> Condition | None:
        name, operator = raw["field"], raw.get("operator")
        fields, also = (orders, ()) if orders is not None else (self._catalogue.fields, SPECIAL_FIELDS)
        field = fields.get(name) if isinstance(name, str) else None
        if field is None:
            self._wrong(_at(path, "field"), unknown_field(name, fields, also))
            return None
        self._keys(raw, path, ("field", "operator", "value", "not"))
        negated = self._negated(raw, path)
        if not isinstance(operator, str) or operator not in operators_of(field):
            missing = f"is missing; use {joined(operators_of(field))}"
            self._wrong(_at(path, "operator"), wrong_operator(operator, field) if "operator" in raw else missing)
            return None
        if operator in PRESENCE:
            if raw.get("value") not in (None, ""):
                self._wrong(_at(path, "value"), f'should be left out: "{operator}" compares with nothing')
            return Condition(field=field.name, operator=operator, negated=negated)
        if not self._has_value(raw, path):
            return None
        value = self._values.for_field(field, operator, raw["value"], _at(path, "value"))
        return None if value is None else Condition(field=field.name, operator=operator, value=value, negated=negated)

    def _orders(self, raw: dict[Any, Any], path: str) -> OrdersCondition | None:
        self._keys(raw, path, ("field", "measure", "operator", "value", "where", "window", "not"))
        negated = self._negated(raw, path)
        window = self._window(raw, path)
        where: Node | None = None
        if raw.get("where") is not None:
            where = self._where(raw["where"], _at(path, "where"))
        measure = self._one_of(raw, path, "measure", "a measure", MEASURES)
        operator = self._one_of(raw, path, "operator", "an operator for orders", NUMBER_OPERATORS)
        if measure is None or operator is None or not self._has_value(raw, path):
            return None
        value = self._values.for_measure(measure, operator, raw["value"], _at(path, "value"))
        if value is None:
            return None
        group = where if isinstance(where, Group) or where is None else Group(rules=(where,))
        return OrdersCondition(
            measure=raw["measure"], operator=operator, value=value, where=group, window=window, negated=negated
        )

    def _where(self, raw: object, path: str) -> Node | None:
        if isinstance(raw, dict) and raw.get("rules") == [] and not raw.get("not"):
            return None
        return self._node(raw, path, 2, self._catalogue.order_fields)

    def _campaign(self, raw: dict[Any, Any], path: str) -> CampaignCondition | None:
        self._keys(raw, path, ("field", "operator", "value", "window", "not"))
        negated = self._negated(raw, path)
        window = self._window(raw, path)
        operator = self._one_of(raw, path, "operator", "an operator for campaigns", CAMPAIGN_OPERATORS)
        if not self._has_value(raw, path):
            return None
        value = self._values.text(raw["value"], _at(path, "value"))
        if value is not None and value != "any" and value not in self._catalogue.campaigns:
            self._wrong(_at(path, "value"), f'{shown(value)} is not a campaign of this shop; use its id or "any"')
            return None
        if operator is None or value is None:
            return None
        return CampaignCondition(operator=operator, value=value, window=window, negated=negated)

    def _segment(self, raw: dict[Any, Any], path: str) -> SegmentCondition | None:
        self._keys(raw, path, ("field", "operator", "value", "not"))
        negated = self._negated(raw, path)
        operator = self._one_of(raw, path, "operator", "an operator for segments", SEGMENT_OPERATORS)
        if not self._has_value(raw, path):
            return None
        value = self._values.text(raw["value"], _at(path, "value"))
        if value is not None and value not in self._catalogue.segments:
            self._wrong(
                _at(path, "value"), f"{shown(value)} is not a segment of this shop, or it was deleted; use its id"
            )
            return None
        if operator is None or value is None:
            return None
        return SegmentCondition(operator=operator, value=value, negated=negated)

    def _window(self, raw: dict[Any, Any], path: str) -> Window | None:
        window, path = raw.get("window"), _at(path, "window")
        if window is None:
            return None
        if not isinstance(window, dict):
            self._wrong(path, f"should be an object with operator and value, not {shown(window)}")
            return None
        self._keys(window, path, ("operator", "value"))
        operator = self._one_of(window, path, "operator", "an operator for dates", DAY_OPERATORS)
        if operator is None or not self._has_value(window, path):
            return None
        value = self._values.for_date(operator, window["value"], _at(path, "value"))
        return None if value is None else Window(operator=operator, value=value)

    def _one_of(self, raw: dict[Any, Any], path: str, key: str, kind: str, names: tuple[str, ...]) -> str | None:
        value = raw.get(key)
        if isinstance(value, str) and value in names:
            return value
        self._wrong(_at(path, key), unknown(value, kind, names) if key in raw else f"is missing; use {joined(names)}")
        return None

    def _negated(self, raw: dict[Any, Any], path: str) -> bool:
        value = raw.get("not", False)
        if isinstance(value, bool):
            return value
        self._wrong(_at(path, "not"), f"should be true or false, not {shown(value)}")
        return False

    def _has_value(self, raw: dict[Any, Any], path: str) -> bool:
        if "value" not in raw:
            self._wrong(_at(path, "value"), "is missing")
        return "value" in raw

    def _keys(self, raw: dict[Any, Any], path: str, allowed: tuple[str, ...]) -> None:
        for key, message in extra_keys(raw, allowed):
            self._wrong(_at(path, key), message)


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
