"""What the owners of a workspace have decided for everybody in it."""

from __future__ import annotations

from beanie import Document


class ApprovalPolicy(Document):
    """From how many people on a campaign needs a second person. There is one document, or none yet.

    `above` 0 asks for nobody.
    """

    id: str = "approval"  # type: ignore[assignment]  # Beanie lets a document choose its key's type
    above: int = 0

    class Settings:
        name = "policies"
