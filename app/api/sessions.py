"""`/api/sessions`: where members are signed in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from app.api.ids import Id
from app.api.routes import NOT_FOUND, PROBLEMS, AnyMember, MemberRoute
from app.api.shapes import Shape
from app.auth import sessions
from app.auth.agents import words_of
from models.member import Member
from models.session import Session

router = APIRouter(prefix="/api/sessions", tags=["sign-in"], route_class=MemberRoute, responses=PROBLEMS)


class SessionOut(Shape):
    """One sign-in. `current` is the one that asks."""

    id: Id
    kind: Literal["browser", "program"]
    how: Literal["password", "google", "oidc", "link"] = Field(description="How the member signed in")
    second_step: bool
    client: str = Field(examples=["Firefox on Linux"])
    address: str = Field(examples=["203.0.113.9"])
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime = Field(description="When it is over if it is not used until then")
    current: bool


class SessionList(BaseModel):
    """Sessions, the last seen first."""

    items: list[SessionOut]


@router.get("", response_model=SessionList, responses=NOT_FOUND, summary="List sessions")
async def list_sessions(
    member: AnyMember,
    member_id: Annotated[str | None, Query(description="Another member's, for owners", max_length=40)] = None,
) -> SessionList:
    """One's own; those of another member for owners."""
    return SessionList(items=[_out(one, member) for one in await sessions.list_sessions(member, member_id)])


@router.delete("/{id}", status_code=204, response_class=Response, responses=NOT_FOUND, summary="End a session")
async def end_session(member: AnyMember, id: str) -> Response:
    """At once, with every page that is open in it. One's own; anybody's for owners."""
    await sessions.end_session(member, id)
    return Response(status_code=204)


def _out(session: Session, member: Member) -> SessionOut:
    return SessionOut(
        id=session.id,
        kind=session.kind,
        how=session.how,
        second_step=session.second_factor,
        client=words_of(session.agent),
        address=session.address,
        created_at=session.created_at,
        last_seen_at=session.last_seen_at,
        expires_at=session.expires_at,
        current=session.id == member.session_id,
    )
