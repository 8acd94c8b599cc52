"""`/api/keys`: one's own keys for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.api.ids import Id
from app.api.routes import CONFLICT, NOT_FOUND, PROBLEMS, AnyMember, MemberRoute
from app.api.shapes import Shape
from app.auth import api_keys
from app.inputs import moment

router = APIRouter(prefix="/api/keys", tags=["sign-in"], route_class=MemberRoute, responses=PROBLEMS)


class KeyInput(BaseModel):
    """A new key."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=200, examples=["Nightly import"])
    scopes: list[str] = Field(max_length=100, examples=[["customers.read", "customers.write"]])
    expires_at: Annotated[datetime | None, BeforeValidator(moment)] = Field(
        None, description="Empty: until it is revoked", examples=["2027-03-31T14:30:00Z"]
    )


class RotationInput(BaseModel):
    """How long the old secret stays good."""

    model_config = ConfigDict(extra="forbid")

    grace_hours: float = Field(24, ge=0, le=api_keys.MOST_GRACE_HOURS, allow_inf_nan=False)


class KeyOut(Shape):
    """A key, without its secret. `start` is what it begins with."""

    id: Id
    name: str = Field(examples=["Nightly import"])
    start: str = Field(examples=["cohort_Zk3x9A"])
    scopes: list[str] = Field(examples=[["customers.read"]])
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    previous_until: datetime | None = Field(description="Until when the secret before the last rotation is good")


class FreshKeyOut(KeyOut):
    """A key with its secret, which is shown this once."""

    secret: str = Field(examples=["cohort_Zk3x9A…"])


class KeyList(BaseModel):
    """Keys, the newest first."""

    items: list[KeyOut]


def _fresh(found: api_keys.FreshKey) -> FreshKeyOut:
    return FreshKeyOut.model_validate({**KeyOut.model_validate(found.key).model_dump(), "secret": found.secret})


@router.get("", response_model=KeyList, summary="List your keys")
async def list_keys(member: AnyMember) -> KeyList:
    """One's own."""
    return KeyList(items=[KeyOut.model_validate(key) for key in await api_keys.list_keys(member)])


@router.post("", response_model=FreshKeyOut, status_code=201, responses=CONFLICT, summary="Create a key")
async def create_key(member: AnyMember, body: KeyInput) -> FreshKeyOut:
    """The answer holds the secret, which is not kept. Send it as `Authorization: Bearer …`."""
    made = await api_keys.create_key(member, name=body.name, scopes=body.scopes, expires_at=body.expires_at)
    return _fresh(made)


@router.post("/{id}/rotate", response_model=FreshKeyOut, responses={**NOT_FOUND, **CONFLICT}, summary="Rotate a key")
async def rotate_key(member: AnyMember, id: str, body: RotationInput | None = None) -> FreshKeyOut:
    """A new secret; the old one stays good for a while, so that nothing stops."""
    hours = body.grace_hours if body else 24
    return _fresh(await api_keys.rotate_key(member, id, grace_hours=hours))


@router.delete("/{id}", status_code=204, response_class=Response, responses=NOT_FOUND, summary="Revoke a key")
async def revoke_key(member: AnyMember, id: str) -> Response:
    """At once and for good."""
    await api_keys.revoke_key(member, id)
    return Response(status_code=204)
