"""A second person's word on a campaign, asked for and given."""

from __future__ import annotations

from enum import StrEnum

from beanie import PydanticObjectId
from pydantic import BaseModel, ConfigDict, Field

from models.values import Moment, now


class ApprovalState(StrEnum):
    """How far it is. What was taken back, by hand or by a change of the campaign, leaves no approval behind."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"


class Approval(BaseModel):
    """What was asked and answered. `people` is how many the campaign would go to; `rules` stands for the rules of its
    segments at that moment. `held` says that the campaign was on its way when it needed this: once approved it goes
    out at once.
    """

    model_config = ConfigDict(frozen=True)

    state: ApprovalState = ApprovalState.WAITING
    people: int
    rules: str = ""
    held: bool = False
    requested_by: PydanticObjectId | None = None
    requested_at: Moment = Field(default_factory=now)
    decided_by: PydanticObjectId | None = None
    decided_at: Moment | None = None
    reason: str = ""

    @property
    def waits(self) -> bool:
        """Whether somebody has to look."""
        return self.state is ApprovalState.WAITING
