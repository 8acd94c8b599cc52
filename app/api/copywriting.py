"""`POST /api/campaigns/suggest-messages`."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.ai.copywriting.draft import Tone
from app.ai.copywriting.suggest import LONGEST_BRIEF, MOST_SEGMENTS, suggest_messages
from app.api.routes import PROBLEMS, MemberRoute, may
from app.api.shapes import Shape
from app.campaigns.life.fields import SendingChannel
from models.campaign import Channel
from models.member import Member

router = APIRouter(prefix="/api/campaigns", tags=["campaigns"], route_class=MemberRoute, responses=PROBLEMS)

Asker = Annotated[Member, may("ai.use")]


class BriefInput(BaseModel):
    """What the message is to say, how it sounds, and who gets it."""

    model_config = ConfigDict(extra="forbid")

    brief: str = Field(min_length=1, max_length=LONGEST_BRIEF, examples=["Tell them that the autumn range is here"])
    tone: Tone = Tone.FRIENDLY
    channel: SendingChannel = Channel.EMAIL
    segment_ids: list[Annotated[str, Field(max_length=24)]] = Field(default_factory=list, max_length=MOST_SEGMENTS)


class MessageDraftOut(Shape):
    """One message. `preview` is what an inbox shows beside the subject; it may be empty."""

    subject: str = Field(examples=["Autumn is here, {{ customer.first_name | default: 'hello' }}"])
    preview: str
    body: str


class MessagesOut(BaseModel):
    """Drafts to choose from; `source` says who wrote them, `note` what was left out or failed."""

    source: Literal["gemini", "openai", "templates"]
    drafts: list[MessageDraftOut]
    note: str | None


@router.post("/suggest-messages", response_model=MessagesOut, summary="Suggest messages")
async def suggest(member: Asker, body: BriefInput) -> MessagesOut:
    """By the configured AI provider, else from templates; code checks that nothing is promised beyond the brief.

    Nothing is saved.
    """
    found = await suggest_messages(member, body.brief, body.tone, channel=body.channel, segment_ids=body.segment_ids)
    drafts = [MessageDraftOut.model_validate(draft) for draft in found.drafts]
    return MessagesOut(source=found.source, drafts=drafts, note=found.note)
