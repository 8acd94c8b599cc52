"""A person who signs in."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Literal

from beanie import Document, PydanticObjectId
from pydantic import BaseModel, Field, PrivateAttr
from pymongo import ASCENDING, IndexModel

from models.values import GIVEN, Moment, now


class Role(StrEnum):
    """What a member may do; the table is in `app.auth.permissions`."""

    OWNER = "owner"
    MANAGER = "manager"
    MARKETER = "marketer"
    VIEWER = "viewer"


class LinkedIdentity(BaseModel):
    """An account at a provider: `subject` is the provider's own, lasting name for it (OpenID Connect Core, `sub`)."""

    issuer: str
    subject: str


class Member(Document):
    """One member. `email` is kept folded; `token_version` counts up to end every session of the member at once.

    `identities` are the accounts at Google and other providers by which the member signs in. `totp_secret` is sealed
    (`app.auth.sealing`); `totp_step` is the last time step that was used, `recovery_digests` are codes not used yet.
    """

    email: str
    name: str = ""
    role: Role = Role.MARKETER
    password_hash: str | None = None
    identities: list[LinkedIdentity] = Field(default_factory=list)
    totp_secret: str | None = None
    totp_pending: str | None = None
    totp_step: int = 0
    recovery_digests: list[str] = Field(default_factory=list)
    theme: Literal["auto", "light", "dark"] = "auto"
    locale: str = "en_US"
    timezone: str | None = None
    active: bool = True
    token_version: int = 0
    last_seen_at: Moment | None = None
    created_at: Moment = Field(default_factory=now)
    _scopes: frozenset[str] | None = PrivateAttr(default=None)
    _session_id: PydanticObjectId | None = PrivateAttr(default=None)

    @property
    def scopes(self) -> frozenset[str] | None:
        """The actions this request is limited to, because it came with a key; None: whatever the role allows."""
        return self._scopes

    def limited_to(self, scopes: frozenset[str]) -> Member:
        """The same member, for a request that may do no more than this."""
        limited: Member = self.model_copy()
        limited._scopes = scopes
        return limited

    @property
    def session_id(self) -> PydanticObjectId | None:
        """The session this request came in; None when it came with a key, or from the command line."""
        return self._session_id

    def signed_in_by(self, session_id: PydanticObjectId) -> Member:
        """The same member, for a request of this session."""
        self._session_id = session_id
        return self

    class Settings:
        name = "members"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel("email", unique=True),
            IndexModel(
                [("identities.issuer", ASCENDING), ("identities.subject", ASCENDING)],
                unique=True,
                partialFilterExpression={"identities.subject": GIVEN},
            ),
        ]
