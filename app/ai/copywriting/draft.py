"""What is asked of a writer of messages, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from models.campaign import Channel

MessageSource: TypeAlias = Literal["gemini", "openai", "templates"]


class Tone(StrEnum):
    """How a message sounds."""

    FRIENDLY = "friendly"
    PLAIN = "plain"
    WARM = "warm"
    PLAYFUL = "playful"
    URGENT = "urgent"


@dataclass(frozen=True, kw_only=True)
class Form:
    """What a channel carries: whether there is a subject with a preview line, and how many characters of text."""

    subject: bool = True
    longest_body: int = 4_000


LETTER = Form()
SHORT = Form(subject=False, longest_body=320)
"""A text message: 320 characters are about two parts as networks count them."""


def form_of(channel: Channel) -> Form:
    """What a message on this channel is made of."""
    return SHORT if channel is Channel.SMS else LETTER


@dataclass(frozen=True, kw_only=True)
class MessageDraft:
    """One suggested message. `preview` is what an inbox shows beside the subject; it may be empty."""

    subject: str
    body: str
    preview: str = ""


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """What a writer is told: the brief, the tone, who gets it in words, the shop's name and the merge tags allowed."""

    brief: str
    tone: Tone
    audience: str
    shop: str
    tags: tuple[str, ...]
    form: Form = LETTER


@dataclass(frozen=True, kw_only=True)
class Messages:
    """Suggested messages, by whom, and what there is to say about them. While they are written, `writing` is the text
    of the one under way, which nobody has checked yet.
    """

    source: MessageSource
    drafts: tuple[MessageDraft, ...] = ()
    note: str | None = None
    writing: MessageDraft | None = None


Seen: TypeAlias = Callable[[Messages], None]
"""Called with what there is, again and again while it is written."""
