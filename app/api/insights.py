"""`/api/insights`: what the numbers of a campaign, a customer or the shop say."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.ai.insights.explain import explain_campaign, explain_customer, explain_shop
from app.ai.insights.insight import Insight
from app.api.ids import object_id
from app.api.routes import NOT_FOUND, PROBLEMS, MemberRoute, may
from app.insights.facts import Fact
from models.member import Member

router = APIRouter(prefix="/api/insights", tags=["insights"], route_class=MemberRoute, responses=PROBLEMS)

CampaignReader = Annotated[Member, may("campaigns.read")]
CustomerReader = Annotated[Member, may("customers.read")]
OrderReader = Annotated[Member, may("orders.read")]


class SentenceOut(BaseModel):
    """A sentence and the ids of the facts it stands on."""

    text: str = Field(examples=["412 orders brought $18,204 in the last 30 days."])
    facts: list[str] = Field(examples=[["orders", "revenue"]])


class FactOut(BaseModel):
    """Something computed. A number is exact and comes as text, because a JSON number is not exact."""

    id: str = Field(examples=["revenue"])
    label: str = Field(examples=["Revenue of the last 30 days"])
    value: str = Field(examples=["18204.50"])
    unit: Literal["count", "money", "percent", "points", "days", "name"]


class InsightOut(BaseModel):
    """`source` says who put the facts into words, `note` what there is not enough data for, was left out or failed."""

    source: Literal["gemini", "openai", "computed"]
    sentences: list[SentenceOut]
    facts: list[FactOut]
    note: str | None


def _fact(fact: Fact) -> FactOut:
    value = fact.value if isinstance(fact.value, str) else f"{fact.value:f}"
    return FactOut(id=fact.id, label=fact.label, value=value, unit=fact.unit)


def _out(insight: Insight) -> InsightOut:
    return InsightOut(
        source=insight.source,
        sentences=[SentenceOut(text=one.text, facts=list(one.facts)) for one in insight.sentences],
        facts=[_fact(fact) for fact in insight.facts.facts],
        note=insight.note,
    )


@router.get("/shop", response_model=InsightOut, summary="The shop's last 30 days")
async def shop(member: OrderReader) -> InsightOut:
    """Against the 30 days before. An answer of the AI provider is kept for an hour while the facts stay the same."""
    return _out(await explain_shop(member))


@router.get("/campaigns/{id}", response_model=InsightOut, responses=NOT_FOUND, summary="How a campaign did")
async def campaign(member: CampaignReader, id: str) -> InsightOut:
    """Reach, trouble, and what people ordered afterwards, once it has ended."""
    return _out(await explain_campaign(member, object_id(id, "campaign")))


@router.get("/customers/{id}", response_model=InsightOut, responses=NOT_FOUND, summary="How a customer buys")
async def customer(member: CustomerReader, id: str) -> InsightOut:
    """Rhythm, favourite category and standing in the shop. No name and no address leaves for the AI provider."""
    return _out(await explain_customer(member, str(object_id(id, "customer"))))
