"""`/api/segments`: a rule tried out, asked for in words, and explained; nothing is saved."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.ai.suggest import suggest_segment
from app.api.customers import CustomerOut, customer_out
from app.api.disconnects import while_connected
from app.api.ids import Id, object_id
from app.api.routes import NOT_FOUND, PROBLEMS, MemberRoute, may
from app.api.shapes import Shape
from app.errors import Unavailable
from app.segments.explain import explain_customer
from app.segments.preview import Glimpse, Preview, condition_counts, glimpse, preview
from app.validation import wrong_field
from models.member import Member

router = APIRouter(prefix="/api/segments", tags=["segments"], route_class=MemberRoute, responses=PROBLEMS)

Reader = Annotated[Member, may("segments.read")]
Asker = Annotated[Member, may("ai.use")]

_RULE: dict[str, Any] = {
    "combinator": "and",
    "rules": [
        {"field": "total_spent", "operator": ">", "value": 10000},
        {"field": "last_order_at", "operator": "notInLast", "value": {"amount": 90, "unit": "day"}},
    ],
}
Rule = Annotated[dict[str, Any], Field(description="The rule, as react-querybuilder writes it", examples=[_RULE])]


class PreviewInput(BaseModel):
    """A rule to try."""

    model_config = ConfigDict(extra="forbid")

    rule: Rule
    sample: int = Field(5, ge=0, le=50)
    exact: bool = Field(True, description="false: an estimate is enough, read from a random sample instead of counted")
    conditions: bool = Field(False, description="Also count whom each condition selects alone")


class PreviewOut(BaseModel):
    """Whom a rule selects now, out of `total` customers."""

    count: int = Field(examples=[42])
    estimated: bool = Field(False, description="Whether `count` is an estimate")
    margin: int = Field(0, description="With 95 % certainty the estimate is not further off than this")
    total: int = Field(examples=[23570])
    sample: list[CustomerOut]
    sentence: str
    took_ms: int
    conditions: dict[str, int] | None = Field(
        None,
        description="How many customers each condition selects alone, by its path; one that takes too long is left out",
        examples=[{"rules[0]": 1200, "rules[1]": 310}],
    )


class PromptInput(BaseModel):
    """An audience in plain words; with `rule`, words that say how to change it."""

    model_config = ConfigDict(extra="forbid")

    prompt: str = Field(
        min_length=1, max_length=2_000, examples=["people who spent over 10k and have not ordered for 90 days"]
    )
    rule: dict[str, Any] | None = Field(None, description="The rule to change, as in “also only in Pune”")


class AssumptionOut(Shape):
    """A choice that was made; `alternative` is the rule if it had been made otherwise."""

    code: str
    text: str
    alternative: dict[str, Any] | None


class ChangeOut(Shape):
    """How one condition changed, in words; `before` is null for what was added, `after` for what was removed."""

    kind: Literal["added", "removed", "changed"]
    before: str | None
    after: str | None


class SuggestionOut(BaseModel):
    """A proposed rule, never saved by itself. `source` says who made it."""

    outcome: Literal["ok", "clarify", "partial", "refuse"]
    source: Literal["gemini", "openai", "grammar"]
    rule: dict[str, Any] | None
    sentence: str
    assumptions: list[AssumptionOut]
    question: str | None
    unsupported: list[str]
    note: str | None
    changes: list[ChangeOut] = Field(description="How the rule differs from the one that was sent along")
    count: int | None = Field(description="How many customers the rule selects now")


class ExplainInput(BaseModel):
    """A rule or a segment, and a customer."""

    model_config = ConfigDict(extra="forbid")

    rule: dict[str, Any] | None = Field(None, examples=[_RULE])
    segment_id: str | None = Field(None, max_length=24)
    customer_id: str = Field(max_length=24)

    @model_validator(mode="after")
    def _one(self) -> ExplainInput:
        if (self.rule is None) == (self.segment_id is None):
            raise wrong_field("rule", "exactly one of rule and segment_id is required")
        return self


class ExplanationOut(BaseModel):
    """The root of the explained rule; groups carry `rules`, conditions their field, operator, value and `found`.

    A condition's `because` tells its truth with the value found. Its `change` says what would have to be different,
    where that would bring the customer in with the fewest changes.
    """

    model_config = ConfigDict(extra="allow")

    sentence: str
    customer_id: Id
    path: str
    truth: bool
    text: str
    because: str = Field(examples=["city is Delhi, not Pune"], description="The shortest reason for the outcome")
    rules: list[dict[str, Any]]


@router.post("/preview", response_model=PreviewOut, summary="Try a rule")
async def preview_rule(member: Reader, body: PreviewInput, request: Request) -> PreviewOut:
    """How many customers it selects now, and some of them. Nothing is saved; closing the connection ends the work."""
    return await while_connected(request, _preview(member, body))


async def _preview(member: Member, body: PreviewInput) -> PreviewOut:
    found = await (preview if body.exact else glimpse)(member, body.rule, sample=body.sample)
    return PreviewOut(
        count=found.count if isinstance(found, Preview) else found.estimate,
        estimated=isinstance(found, Glimpse) and not found.exact,
        margin=found.margin if isinstance(found, Glimpse) else 0,
        total=found.total,
        sample=[customer_out(customer) for customer in found.sample],
        sentence=found.sentence,
        took_ms=found.took_ms,
        conditions=await condition_counts(member, body.rule) if body.conditions else None,
    )


@router.post("/suggest", response_model=SuggestionOut, summary="Turn words into a rule")
async def suggest(member: Asker, body: PromptInput) -> SuggestionOut:
    """By the configured AI provider, else by the built-in grammar; either way code checks the rule."""
    found = await suggest_segment(member, body.prompt, rule=body.rule)
    return SuggestionOut(
        outcome=found.outcome,
        source=found.source,
        rule=found.rule,
        sentence=found.sentence,
        assumptions=[AssumptionOut.model_validate(assumption) for assumption in found.assumptions],
        question=found.question,
        unsupported=list(found.unsupported),
        note=found.note,
        changes=[ChangeOut.model_validate(change) for change in found.changes],
        count=await _size(member, found.rule),
    )


async def _size(member: Member, rule: dict[str, Any] | None) -> int | None:
    """The size of a suggested rule; one that takes too long to count is no reason to withhold the rule."""
    if rule is None:
        return None
    try:
        return (await preview(member, rule, sample=0)).count
    except Unavailable:
        return None


@router.post("/explain", response_model=ExplanationOut, responses=NOT_FOUND, summary="Why is a customer in or out")
async def explain(member: Reader, body: ExplainInput) -> dict[str, Any]:
    """The rule as a tree, with true or false and the value that was found at every node."""
    return await explain_customer(
        member, rule=body.rule, segment_id=body.segment_id, customer_id=object_id(body.customer_id, "customer")
    )
