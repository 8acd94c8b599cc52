"""What the workspace asks of those who sign in."""

from __future__ import annotations

from enum import StrEnum

from beanie import Document

from models.values import Moment


class WhoNeedsSecondStep(StrEnum):
    """Whose password, or other way in, is not enough."""

    NOBODY = "nobody"
    MANAGERS = "managers"
    EVERYONE = "everyone"


class SignInPolicy(Document):
    """The one document of its collection; where there is none, nobody needs a second step. `managers`: owners too."""

    id: str = "policy"  # type: ignore[assignment]  # Beanie lets a document choose its key's type
    second_step: WhoNeedsSecondStep = WhoNeedsSecondStep.NOBODY
    changed_at: Moment | None = None

    class Settings:
        name = "sign_in_policy"
