"""A campaign tried on without sending: whom it would reach, what one of them would read, what is wrong."""

from __future__ import annotations

from pydantic import BaseModel, Field

from app.api.ids import Id
from app.api.problems import WrongField
from app.campaigns.audience.kinds import kind_of
from app.campaigns.audience.reach import audience_filter, estimate
from app.campaigns.life.fields import fields_of
from app.campaigns.life.plan import check_campaign
from app.campaigns.message.rendering import EXAMPLE_CUSTOMER, compile_message
from app.customers.masking import raw_shown_to
from app.database import collection
from app.errors import InvalidInput
from models.campaign import Campaign
from models.member import Member


class EstimateOut(BaseModel):
    """How many the campaign would go to now; `skipped` counts those who may not be contacted, by reason."""

    audience: int = Field(examples=[1204])
    reachable: int = Field(examples=[1180])
    skipped: dict[str, int] = Field(examples=[{"did not agree to email": 24}])


class Sample(BaseModel):
    """The message as one customer would get it; without a `customer_id` it is filled in with an example."""

    customer_id: Id | None
    subject: str
    html: str
    text: str


class Rehearsal(BaseModel):
    """`ready` when nothing stands in the way; `problems` names what does."""

    ready: bool
    estimate: EstimateOut | None
    sample: Sample | None
    problems: list[WrongField]


async def rehearse(member: Member, campaign: Campaign) -> Rehearsal:
    """Estimate the audience and fill the message in for one of it. Problems are told, not raised."""
    problems: list[WrongField] = []
    found: EstimateOut | None = None
    sample: Sample | None = None
    try:
        figures = await estimate(member, campaign.segment_ids, campaign.exclude_segment_ids, campaign.channel)
        found = EstimateOut(audience=figures.audience, reachable=figures.reachable, skipped=dict(figures.skipped))
        if not campaign.segment_ids:
            problems.append(WrongField(field="segment_ids", message="choose at least one segment to send to"))
        elif not figures.reachable:
            problems.append(WrongField(field="segment_ids", message="nobody in these segments can be reached"))
    except InvalidInput as problem:
        problems.extend(_told(problem))
    try:
        sample = await _sample(member, campaign)
    except InvalidInput as problem:
        problems.extend(_told(problem))
    try:
        await check_campaign(fields_of(campaign))
    except InvalidInput as problem:
        problems.extend(one for one in _told(problem) if one not in problems)
    return Rehearsal(ready=not problems, estimate=found, sample=sample, problems=problems)


async def _sample(member: Member, campaign: Campaign) -> Sample:
    """One of the audience who can be reached, where there is one."""
    message = compile_message(
        campaign.subject, campaign.body, channel=campaign.channel, preview_text=campaign.preview_text
    )
    customer = None
    if campaign.segment_ids:
        audience = await audience_filter(campaign.segment_ids, campaign.exclude_segment_ids)
        agreed = [{way.consent: True} for way in kind_of(campaign.channel).ways]
        customer = await collection("customers").find_one({"$and": [audience, {"$or": agreed}]})
        customer = customer or await collection("customers").find_one(audience)
    rendered = message.render(raw_shown_to(member, customer) if customer else EXAMPLE_CUSTOMER)
    return Sample(
        customer_id=customer["_id"] if customer else None,
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
    )


def _told(problem: InvalidInput) -> list[WrongField]:
    if not problem.errors:
        return [WrongField(field="campaign", message=problem.detail)]
    return [WrongField(field=error.field, message=error.message) for error in problem.errors]
