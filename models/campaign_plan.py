"""How a campaign goes about it: again and again, slowly at first, or through a vendor that only pretends."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.values import Moment

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Ambiguity(StrEnum):
    """What becomes of a message that may or may not have arrived: left `unknown`, or sent again, perhaps twice."""

    UNKNOWN = "unknown"
    RESEND = "resend"


class Repeat(BaseModel):
    """Every `every` days, weeks or months at the same time of day in the shop's zone, until `until` if given."""

    model_config = ConfigDict(extra="forbid")

    every: int = Field(1, ge=1, le=365)
    unit: Literal["day", "week", "month"] = "week"
    until: Moment | None = None


class WarmUp(BaseModel):
    """At most `first_day` messages on the campaign's first day, and `growth` times as many on each day after."""

    model_config = ConfigDict(extra="forbid")

    first_day: int = Field(50, ge=1, le=1_000_000)
    growth: float = Field(2.0, ge=1, le=10, allow_inf_nan=False)


class Simulation(BaseModel):
    """The faults of the simulated vendor. Shares are 0 to 1; the same `seed` has the same faults for the same people.

    `failed` are refused for good and `temporary` for now; of `unclear` nobody can say whether they arrived; `slow_ms`
    is how long each answer takes. Of the receipts, `lost` never come, `duplicate` come twice, `reordered` come in the
    wrong order, `bounced` and `complained` say so, and each comes up to `late_seconds` after the message. For
    `outage_seconds` from the message numbered `outage_after` on the vendor cannot be reached.
    """

    model_config = ConfigDict(extra="forbid")

    seed: int = Field(1, ge=0, le=2**31)
    failed: Share = 0.1
    temporary: Share = 0.0
    unclear: Share = 0.0
    slow_ms: int = Field(0, ge=0, le=60_000)
    lost: Share = 0.02
    duplicate: Share = 0.02
    reordered: Share = 0.02
    bounced: Share = 0.02
    complained: Share = 0.002
    late_seconds: float = Field(5.0, ge=0, le=3_600, allow_inf_nan=False)
    outage_after: int | None = Field(None, ge=0)
    outage_seconds: float = Field(0.0, ge=0, le=3_600, allow_inf_nan=False)
