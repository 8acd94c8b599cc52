"""Text messages, and whatever else goes to a number: a vendor that takes JSON, described by SMS_BODY."""

from __future__ import annotations

from collections.abc import Sequence

from app.channels.addresses import sender_parts
from app.channels.base import Message, Outcome
from app.channels.http_sender import AT_ONCE, HttpSender, Post
from app.channels.mapping import JsonMapping


class SmsChannel:
    """Posts each message to the vendor as `mapping` says."""

    notes_offers = True
    at_once = AT_ONCE

    def __init__(self, sender: HttpSender, mapping: JsonMapping) -> None:
        self._sender = sender
        self._mapping = mapping

    async def ready(self) -> None:
        """Return unless the vendor is known to be away."""
        await self._sender.ready()

    async def send(self, batch: Sequence[Message]) -> list[Outcome]:
        """Hand over a batch."""
        return await self._sender.send([Post(id=message.id, body=self._body(message)) for message in batch])

    async def close(self) -> None:
        """Close the connections."""
        await self._sender.close()

    def _body(self, message: Message) -> bytes:
        name, address = sender_parts(message.sender)
        return self._mapping.fill(
            {"to": message.recipient, "from": name or address, "text": str(message.text), "id": message.id}
        )
