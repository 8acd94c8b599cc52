"""One row that an import refused."""

from __future__ import annotations

from typing import ClassVar

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel

from models.values import Moment, now

KEPT_SECONDS = 90 * 24 * 60 * 60
"""How long refused rows are kept: long enough to mend the file, and no longer, because they hold people's data."""


class ImportReject(Document):
    """`_id` is "import:line", so that an import which repeats its last rows after a crash does not double them.

    `line` is the row's place in the file, counted from 1; `values` are its cells as the file had them.
    """

    id: str  # type: ignore[assignment]  # Beanie lets a document choose its key's type
    import_id: PydanticObjectId
    line: int
    reason: str
    values: list[str]
    created_at: Moment = Field(default_factory=now)

    class Settings:
        name = "import_rejects"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("import_id", ASCENDING), ("line", ASCENDING)]),
            IndexModel("created_at", expireAfterSeconds=KEPT_SECONDS),
        ]
