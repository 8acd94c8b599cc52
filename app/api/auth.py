"""Bearer tokens, and who one is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, ConfigDict, Field

from app.api.ids import Id
from app.api.problems import Problem
from app.api.routes import PROBLEMS, AnyMember, MemberRoute, OpenRoute
from app.api.second_step import note_sign_in
from app.api.sign_in import sign_in
from app.auth.permissions import PERMISSIONS, allowed
from app.auth.second_factor import has_second_factor, pass_second_factor
from app.auth.tokens import BEARER_SECONDS, issue_access
from app.errors import NotSignedIn

token_router = APIRouter(prefix="/api/auth", tags=["sign-in"], route_class=OpenRoute)
router = APIRouter(prefix="/api", tags=["sign-in"], route_class=MemberRoute, responses=PROBLEMS)


class Token(BaseModel):
    """A bearer token and how long it lasts, in seconds."""

    access_token: str = Field(examples=["eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.…"])
    token_type: Literal["bearer"] = "bearer"
    expires_in: int = Field(examples=[BEARER_SECONDS])


class Me(BaseModel):
    """The member who asks, and what the role allows."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    email: str = Field(examples=["alice@example.com"])
    name: str = Field(examples=["Alice"])
    role: str = Field(examples=["owner"])
    locale: str = Field(examples=["en_US"])
    timezone: str | None = Field(examples=["Asia/Kolkata"])
    created_at: datetime
    permissions: list[str] = Field(default_factory=list, examples=[["customers.read", "customers.write"]])


@token_router.post(
    "/token",
    response_model=Token,
    summary="Get a bearer token",
    responses={
        401: {"model": Problem, "description": "Email and password do not match"},
        422: PROBLEMS[422],
        429: {"model": Problem, "description": "Too many failed attempts; Retry-After says how many seconds to wait"},
        503: PROBLEMS[503],
    },
)
async def create_token(
    request: Request,
    username: Annotated[str, Form(description="The member's email", examples=["alice@example.com"])],
    password: Annotated[str, Form(json_schema_extra={"format": "password"})],
    grant_type: Annotated[str, Form(pattern="^password$")] = "password",
    scope: Annotated[str, Form(description="Not used")] = "",
    client_id: Annotated[str, Form(description="Not used")] = "",
    client_secret: Annotated[str, Form(description="Not used")] = "",
    code: Annotated[str, Form(max_length=40, description="From the app, for members with a second step")] = "",
) -> Token:
    """A token for `Authorization: Bearer …`, good for an hour. OAuth 2.0's password form, so that tools know it."""
    member = await sign_in(request, username, password)
    if has_second_factor(member) and member.id is not None:
        if not code:
            raise NotSignedIn("This member has a second step: send the code of the app as `code`, or use an API key.")
        member = await pass_second_factor(member.id, code)
    await note_sign_in(request, member)
    return Token(access_token=issue_access(member, BEARER_SECONDS), expires_in=BEARER_SECONDS)


@router.get("/me", response_model=Me, summary="Who am I")
async def me(member: AnyMember) -> Me:
    """The member behind the token or cookie."""
    found = Me.model_validate(member)
    found.permissions = [action for action in PERMISSIONS if allowed(member, action)]
    return found
