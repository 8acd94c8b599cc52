"""The flat plan a model fills in. Recursive schemas hit providers' limits, so groups name the group they lie in."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

MOST_GROUPS = 30
_ASIDES = frozenset(
    (
        "reasoning",
        "reason",
        "explanation",
        "thought",
        "thoughts",
        "thinking",
        "confidence",
        "comment",
        "title",
        "summary",
    )
)
"""What models add on their own about an answer, which says nothing of whom it selects."""


def _as_texts(value: Any) -> Any:
    """Models write 10000 and true where "10000" and "true" were asked for; both mean the same."""
    items = value if isinstance(value, list) else [value]
    plain = [str(item).lower() if isinstance(item, bool) else item for item in items]
    return [str(item) if isinstance(item, int | float) else item for item in plain]


Texts = Annotated[list[str], BeforeValidator(_as_texts)]


class _Flat(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw
        return {key: value for key, value in raw.items() if value is not None and key not in _ASIDES}


class PlanGroup(_Flat):
    """A group of conditions; `parent` is the id of the group it lies in. Group 0 is the root."""

    id: int
    parent: int = 0
    combinator: Literal["and", "or"] = "and"
    negated: bool = False


class PlanTest(_Flat):
    """A condition on the orders that count, inside a condition on `orders`."""

    field: str
    operator: str
    values: Texts = Field(default_factory=list)


class PlanCondition(_Flat):
    """One condition. Which of the value fields count depends on the operator; the rest stay empty."""

    group: int = 0
    field: str
    operator: str
    negated: bool = False
    values: Texts = Field(default_factory=list)
    amount: int = 0
    unit: str = ""
    direction: str = ""
    period: str = ""
    measure: str = ""
    where: list[PlanTest] = Field(default_factory=list)
    window_operator: str = ""
    window_values: Texts = Field(default_factory=list)
    window_amount: int = 0
    window_unit: str = ""
    window_direction: str = ""
    window_period: str = ""


class Plan(_Flat):
    """A model's whole answer."""

    outcome: Literal["ok", "clarify", "partial", "refuse"]
    groups: list[PlanGroup] = Field(default_factory=list, max_length=MOST_GROUPS)
    conditions: list[PlanCondition] = Field(default_factory=list)
    assumptions: Texts = Field(default_factory=list)
    question: str = ""
    unsupported: Texts = Field(default_factory=list)
    note: str = ""
