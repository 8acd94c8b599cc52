"""Bearer tokens, and who one is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.ids import Id
from app.api.problems import Problem
from app.api.routes import CONFLICT, PROBLEMS, AnyMember, MemberRoute, OpenRoute
from app.api.second_step import begin
from app.api.sign_in import sign_in
from app.auth.failures import note_failure
from app.auth.permissions import PERMISSIONS, allowed
from app.auth.renewing import refresh_token, renew
from app.auth.second_factor import has_second_factor, pass_second_factor
from app.auth.session import forget_renewal
from app.auth.sessions import sign_out
from app.auth.sign_in_policy import needs_second_step
from app.auth.tokens import issue_access
from app.errors import InvalidInput, NotSignedIn
from models.member import Member
from models.session import Session

token_router = APIRouter(prefix="/api/auth", tags=["sign-in"], route_class=OpenRoute)
BEARER_SECONDS = 3600
router = APIRouter(prefix="/api", tags=["sign-in"], route_class=MemberRoute, responses=PROBLEMS)


class Token(BaseModel):
    """A bearer token and how long it lasts, in seconds; and what gets the next one."""

    access_token: str = Field(examples=["eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.…"])
    token_type: Literal["bearer"] = "bearer"
    expires_in: int = Field(examples=[BEARER_SECONDS])
    refresh_token: str = Field(description="Works once", examples=["Zk3x9A…"])


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
    second = has_second_factor(member)
    if second and member.id is not None:
        if not code:
            raise NotSignedIn("This member has a second step: send the code of the app as `code`, or use an API key.")
        try:
            member = await pass_second_factor(member.id, code)
        except InvalidInput:
            note_failure(request.client.host if request.client else "", member.email, "code")
            raise
    elif await needs_second_step(member):
        raise NotSignedIn("This workspace asks you for a second step: sign in with a browser once to set it up.")
    session = await begin(request, member, "program", "password", second_factor=second)
    return _token(session, member)


@token_router.post(
    "/refresh",
    response_model=Token,
    summary="Get the next bearer token",
    responses={401: {"model": Problem, "description": "Not a refresh token, or one that is over"}, 422: PROBLEMS[422]},
)
async def refresh(
    request: Request,
    refresh_token: Annotated[str, Form(description="From the answer before", max_length=200)],
    grant_type: Annotated[str, Form(pattern="^refresh_token$")] = "refresh_token",
    scope: Annotated[str, Form(description="Not used")] = "",
    client_id: Annotated[str, Form(description="Not used")] = "",
    client_secret: Annotated[str, Form(description="Not used")] = "",
) -> Token:
    """A new access token and a new refresh token; the old one is used up. Who sends a used one ends the session, but
    for a client that lost the answer: until the new tokens were used it gets them again.
    """
    address = request.client.host if request.client else ""
    agent = request.headers.get("user-agent", "")
    renewed = await renew(refresh_token, "program", address=address, agent=agent)
    return _token(renewed.session, renewed.member)


@router.post("/auth/sign-out", status_code=204, response_class=Response, responses=CONFLICT, summary="End this session")
async def end_this_session(request: Request, member: AnyMember) -> Response:
    """Access and refresh token are refused from now on."""
    await sign_out(member)
    forget_renewal(request)
    return Response(status_code=204)


def _token(session: Session, member: Member) -> Token:
    return Token(
        access_token=issue_access(session, member, BEARER_SECONDS),
        expires_in=BEARER_SECONDS,
        refresh_token=refresh_token(session),
    )


@router.get("/me", response_model=Me, summary="Who am I")
async def me(member: AnyMember) -> Me:
    """The member behind the token or cookie."""
    found = Me.model_validate(member)
    found.permissions = [action for action in PERMISSIONS if allowed(member, action)]
    return found
