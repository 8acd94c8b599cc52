"""One sign-in of one member, in one browser or program."""

from __future__ import annotations

from typing import ClassVar, Literal

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from models.values import Moment, now

SessionKind = Literal["browser", "program"]
SignInWay = Literal["password", "google", "oidc", "link"]
EndReason = Literal["signed-out", "ended", "everywhere", "reused", "replaced"]

KEPT_SECONDS = 7 * 24 * 3600
"""How long a session that is over is kept: a token of it that turns up then is still known."""


class Session(Document):
    """Where a member is signed in, since when, and how; `address` and `agent` are those of its last renewal.

    Its refresh token is kept nowhere: it follows from SECRET_KEY, `seed` and `generation` (`app.auth.renewing`), so
    neither the database nor the key alone is enough to make one. `generation` counts the renewals; `confirmed` is the
    last one whose tokens have come back. `version` is the member's `token_version` at the beginning; a session ends
    when the two differ, when it is revoked, and at `expires_at`, which each renewal moves on.
    """

    member_id: PydanticObjectId
    kind: SessionKind
    how: SignInWay
    second_factor: bool = False
    address: str = ""
    agent: str = ""
    version: int
    seed: str
    generation: int = 0
    confirmed: int = 0
    created_at: Moment = Field(default_factory=now)
    last_seen_at: Moment = Field(default_factory=now)
    renewed_at: Moment = Field(default_factory=now)
    expires_at: Moment
    revoked_at: Moment | None = None
    revoked_why: EndReason | None = None

    class Settings:
        name = "sessions"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("member_id", ASCENDING), ("last_seen_at", DESCENDING)]),
            IndexModel("expires_at", expireAfterSeconds=KEPT_SECONDS),
        ]
