"""`/api/ai-calls`: what was asked of the AI provider, and what it answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from app.ai import log
from app.api.ids import Id, object_id
from app.api.routes import NOT_FOUND, PROBLEMS, MemberRoute, may
from app.api.shapes import Cursor, Limit, Page, Shape
from models.member import Member

router = APIRouter(prefix="/api/ai-calls", tags=["ai"], route_class=MemberRoute, responses=PROBLEMS)

Owner = Annotated[Member, may("ai.log")]
Purpose = Literal["segment", "description", "copy", "insight"]


class CallOut(Shape):
    """One request to the provider. `outcome` is ok, or the name of what was wrong with the answer."""

    id: Id
    purpose: Purpose
    provider: Literal["gemini", "openai"]
    model: str = Field(examples=["gemini-3.5-flash-lite"])
    outcome: str = Field(examples=["ok", "timeout", "number_not_in_prompt"])
    asked: str = Field(description="How the question begins")
    member: str = Field(description="Who asked", examples=["Alice"])
    took_ms: int
    input_tokens: int | None
    output_tokens: int | None
    created_at: datetime


class CallPage(Page):
    """Requests, newest first."""

    items: list[CallOut]


class WholeCall(CallOut):
    """With everything that was sent and answered."""

    prompt: str
    reply: str


@router.get("", response_model=CallPage, summary="Read the AI log")
async def list_calls(
    member: Owner,
    purpose: Annotated[Purpose | None, Query(description="What it was for")] = None,
    outcome: Annotated[
        str | None, Query(max_length=log.LONGEST_OUTCOME, description="ok, failed, or the name of a fault")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> CallPage:
    """Without the long texts; for owners only."""
    found, following = await log.list_calls(member, purpose=purpose, outcome=outcome, limit=limit, cursor=cursor)
    return CallPage(items=[CallOut.model_validate(line) for line in found], next_cursor=following)


@router.get("/{id}", response_model=WholeCall, responses=NOT_FOUND, summary="Read one request")
async def get_call(member: Owner, id: str) -> WholeCall:
    """What was sent, word for word, and what came back."""
    call, who = await log.get_call(member, object_id(id, "request"))
    fields = {name: getattr(call, name) for name in CallOut.model_fields if name != "member"}
    return WholeCall(**fields, member=who, prompt=call.prompt, reply=call.reply)
