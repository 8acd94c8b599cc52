"""`/api/segments`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.ai.suggest import suggest_segment
from app.api.customers import CustomerOut, CustomerPage, customer_out
from app.api.disconnects import while_connected
from app.api.ids import Id, object_id
from app.api.routes import CONFLICT, NOT_FOUND, PROBLEMS, MemberRoute, may
from app.api.shapes import Cursor, Limit, Page, Search, Shape
from app.segments import service
from app.segments.explain import explain_customer
from app.segments.preview import Glimpse, Preview, condition_counts, glimpse, member_page, preview
from app.validation import wrong_field
from models.member import Member
from models.segment import DescriptionSource, RuleSource, Segment

router = APIRouter(prefix="/api/segments", tags=["segments"], route_class=MemberRoute, responses=PROBLEMS)

Reader = Annotated[Member, may("segments.read")]
Writer = Annotated[Member, may("segments.write")]
CustomerReader = Annotated[Member, may("customers.read")]
Asker = Annotated[Member, may("ai.use")]

_RULE: dict[str, Any] = {
    "combinator": "and",
    "rules": [
        {"field": "total_spent", "operator": ">", "value": 10000},
        {"field": "last_order_at", "operator": "notInLast", "value": {"amount": 90, "unit": "day"}},
    ],
}
Rule = Annotated[dict[str, Any], Field(description="The rule, as react-querybuilder writes it", examples=[_RULE])]
Name = Annotated[str, Field(min_length=1, max_length=120, examples=["Lapsed big spenders"])]
Words = Annotated[str, Field(max_length=2_000, examples=["Spent much, but not lately"])]


class SegmentInput(BaseModel):
    """A new segment. A description is written when there is none."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    rule: Rule
    description: Words = ""
    source: RuleSource = RuleSource.HAND
    prompt: str | None = Field(None, max_length=2_000, description="The words the rule came from")


class SegmentPatch(BaseModel):
    """Changes to a segment; what is left out stays. With `version`, 409 when somebody else changed it meanwhile."""

    model_config = ConfigDict(extra="forbid")

    name: Name = ""
    rule: Rule = Field(default_factory=dict)
    description: Words = ""
    version: int | None = Field(None, ge=1)


class SegmentOut(Shape):
    """A segment: a named rule; who is in it is computed whenever it is asked for."""

    id: Id
    name: str = Field(examples=["Lapsed big spenders"])
    description: str
    description_source: DescriptionSource
    rule: Rule
    sentence: str = Field(examples=["Customers who spent more than $10,000 in total"])
    source: RuleSource
    model: str | None = Field(examples=["gemini-3.5-flash-lite"], description="The AI model that proposed the rule")
    prompt: str | None
    version: int
    size: int | None = Field(description="The last count, taken at `sized_at`")
    sized_at: datetime | None
    created_at: datetime
    updated_at: datetime


class SegmentPage(Page):
    """Segments."""

    items: list[SegmentOut]


class PreviewInput(BaseModel):
    """A rule to try."""

    model_config = ConfigDict(extra="forbid")

    rule: Rule
    sample: int = Field(5, ge=0, le=50)
    exact: bool = Field(True, description="false: an estimate is enough, which takes about 0.1 s at any size")
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


def segment_out(segment: Segment) -> SegmentOut:
    """The answer for a segment."""
    return SegmentOut.model_validate(segment)


@router.get("", response_model=SegmentPage, summary="List segments")
async def list_segments(member: Reader, search: Search = "", limit: Limit = 50, cursor: Cursor = None) -> SegmentPage:
    """Last changed first."""
    found, following = await service.list_segments(member, search=search, limit=limit, cursor=cursor)
    return SegmentPage(items=[segment_out(segment) for segment in found], next_cursor=following)


@router.post("", response_model=SegmentOut, status_code=201, responses=CONFLICT, summary="Create a segment")
async def create_segment(member: Writer, body: SegmentInput) -> SegmentOut:
    """The rule is checked: 422 names the node and what would be right."""
    return segment_out(await service.create_segment(member, **body.model_dump()))


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
    count = (await preview(member, found.rule, sample=0)).count if found.rule is not None else None
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
        count=count,
    )


@router.post("/explain", response_model=ExplanationOut, responses=NOT_FOUND, summary="Why is a customer in or out")
async def explain(member: Reader, body: ExplainInput) -> dict[str, Any]:
    """The rule as a tree, with true or false and the value that was found at every node."""
    return await explain_customer(
        member, rule=body.rule, segment_id=body.segment_id, customer_id=object_id(body.customer_id, "customer")
    )


@router.get("/{id}", response_model=SegmentOut, responses=NOT_FOUND, summary="Get a segment")
async def get_segment(member: Reader, id: str) -> SegmentOut:
    """One segment with its rule."""
    return segment_out(await service.get_segment(member, object_id(id, "segment")))


@router.patch("/{id}", response_model=SegmentOut, responses={**NOT_FOUND, **CONFLICT}, summary="Change a segment")
async def update_segment(member: Writer, id: str, body: SegmentPatch) -> SegmentOut:
    """What is left out stays."""
    changes = body.model_dump(exclude_unset=True)
    version = changes.pop("version", None)
    return segment_out(await service.update_segment(member, object_id(id, "segment"), version=version, **changes))


@router.delete(
    "/{id}", status_code=204, response_class=Response, responses={**NOT_FOUND, **CONFLICT}, summary="Delete a segment"
)
async def delete_segment(member: Writer, id: str) -> Response:
    """409 while a live campaign or another segment uses it."""
    await service.delete_segment(member, object_id(id, "segment"))
    return Response(status_code=204)


@router.get("/{id}/customers", response_model=CustomerPage, responses=NOT_FOUND, summary="Who is in a segment")
async def segment_customers(member: CustomerReader, id: str, limit: Limit = 50, cursor: Cursor = None) -> CustomerPage:
    """As of now."""
    found, following = await member_page(member, object_id(id, "segment"), limit=limit, cursor=cursor)
    return CustomerPage(items=[customer_out(customer) for customer in found], next_cursor=following)
