"""The generic webhook: each message as JSON to an address of the operator's, signed, for anything that can take it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from app.channels.base import Message, Outcome
from app.channels.http_sender import AT_ONCE, HttpSender, Post


class WebhookChannel:
    """Posts each message with its campaign and what merge tags know of the customer."""

    notes_offers = True
    at_once = AT_ONCE

    def __init__(self, sender: HttpSender) -> None:
        self._sender = sender

    async def ready(self) -> None:
        """Return unless the other side is known to be away."""
        await self._sender.ready()

    async def send(self, batch: Sequence[Message]) -> list[Outcome]:
        """Hand over a batch."""
        return await self._sender.send([Post(id=message.id, body=_body(message)) for message in batch])

    async def close(self) -> None:
        """Close the connections."""
        await self._sender.close()


def _body(message: Message) -> bytes:
    told = {
        "id": message.id,
        **message.data,
        "to": message.recipient,
        "name": message.name,
        "subject": message.subject,
        "text": str(message.text),
    }
    return json.dumps(told, separators=(",", ":")).encode("ascii")
