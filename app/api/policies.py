"""`/api/policies`: what the owners have decided for everybody."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.api.routes import PROBLEMS, MemberRoute, may
from app.api.shapes import Shape
from app.campaigns.approval.policy import MOST, approval_policy, set_approval_above
from models.member import Member

router = APIRouter(prefix="/api/policies", tags=["policies"], route_class=MemberRoute, responses=PROBLEMS)

Reader = Annotated[Member, may("campaigns.read")]
Keeper = Annotated[Member, may("policies.manage")]


class ApprovalPolicyOut(Shape):
    """Sending to more than `above` people needs a second person; 0: nobody. `floor` is what APPROVAL_ABOVE asks for,
    `own` what an owner does, `approvers` how many members could approve.
    """

    above: int = Field(examples=[1000])
    own: int
    floor: int
    approvers: int


class ApprovalPolicyInput(BaseModel):
    """From how many people on."""

    model_config = ConfigDict(extra="forbid")

    above: int = Field(ge=0, le=MOST, examples=[1000])


@router.get("/approval", response_model=ApprovalPolicyOut, summary="When sending needs a second person")
async def get_approval_policy(member: Reader) -> ApprovalPolicyOut:
    """The number that counts, and where it comes from."""
    return ApprovalPolicyOut.model_validate(await approval_policy(member))


@router.put("/approval", response_model=ApprovalPolicyOut, summary="Decide when sending needs a second person")
async def put_approval_policy(member: Keeper, body: ApprovalPolicyInput) -> ApprovalPolicyOut:
    """Never later than APPROVAL_ABOVE. Campaigns that are scheduled are looked at again when they begin."""
    return ApprovalPolicyOut.model_validate(await set_approval_above(member, body.above))
