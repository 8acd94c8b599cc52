"""What a channel is: it takes messages and says of each what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from bson import ObjectId

from app.channels.filled import Text
from app.errors import Unavailable


# Nobody changes one; not frozen, because that makes each cost three times as much.
@dataclass(kw_only=True, slots=True)
class Message:
    """One message ready to leave. `id` is the delivery's. `recipient` is the bare address or the number in E.164,
    `sender` `Name <address>`.

    `headers` are those a channel adds to its own (List-Unsubscribe, Feedback-ID); `message_id` comes with its brackets.
    A text message has `text` alone; `str` of a body is the whole of it. `data` is what a webhook is told of the
    customer.
    """

    id: str
    sender: str
    recipient: str
    name: str
    subject: str
    html: Text
    text: Text
    message_id: str
    headers: Mapping[str, str] = field(default_factory=dict)
    campaign_id: ObjectId | None = None
    customer_id: ObjectId | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


class Result(StrEnum):
    """What became of one message.

    `accepted`: the other side took responsibility. `temporary`: refused or lost before it could be taken, so trying
    again cannot double it. `permanent`: refused for good. `ambiguous`: it was handed over whole and no answer came, so
    only the other side knows. `untouched`: it was never offered, because the other side could not be reached.
    """

    ACCEPTED = "accepted"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    AMBIGUOUS = "ambiguous"
    UNTOUCHED = "untouched"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The result for one message. `words` are the other side's own; `bad_address` says the address itself is wrong.

    `slow_down`: the other side asks for less at a time (SMTP 421, 450, 451, 4.7.x; HTTP 429, 503). `server` is the name
    of the server or vendor that answered, `reference` its own id for the message.
    """

    result: Result
    words: str = ""
    bad_address: bool = False
    slow_down: bool = False
    server: str = ""
    reference: str = ""


ACCEPTED = Outcome(result=Result.ACCEPTED)


class Unreachable(Unavailable):
    """The channel's server cannot be used at all: away, or it refuses the sign-in. `retry_in` is in seconds."""

    def __init__(self, detail: str, *, retry_in: float = 1.0) -> None:
        super().__init__(detail)
        self.retry_in = retry_in


class Channel(Protocol):
    """A way out. One object per process, used by many chunks at once on one event loop.

    What some have besides: `at_once`, how many messages it hands over at the same time; `notes_offers`, it asks of each
    message right before it leaves, so the others can be withdrawn; `repeatable`, what it is given twice it keeps once.
    """

    async def ready(self) -> None:
        """Return when a message can be handed over now. Raises Unreachable with one sentence that says why not."""

    async def send(self, batch: Sequence[Message]) -> list[Outcome]:
        """Hand over and answer in the same order. Raises nothing for a message: every trouble is an Outcome."""

    async def close(self) -> None:
        """Let go of connections; a later `ready` opens them again."""
