"""One mail as an SMTP server is given it: envelope and bytes, made once however often it is offered."""

from __future__ import annotations

from dataclasses import dataclass

from app.channels.addresses import needs_utf8, sender_parts, wire_address
from app.channels.base import Message
from app.channels.mime import mime_bytes
from app.channels.smtp_connection import SmtpConnection


# Nobody changes one; not frozen, because that makes each cost three times as much.
@dataclass(slots=True)
class Mail:
    """Bare addresses; `body` ends with the final dot, and no other line of it begins with one; `utf8`: the server must
    know SMTPUTF8.
    """

    sender: bytes
    recipient: bytes
    body: bytes
    utf8: bool = False

    def unfit_for(self, connection: SmtpConnection) -> str:
        """Why this server can never take it, seen before it is offered, or an empty text."""
        if self.utf8 and not connection.supports("smtputf8"):
            return "The mail server does not take addresses with letters outside ASCII (SMTPUTF8)."
        if 0 < connection.largest < len(self.body):
            return f"The mail is larger ({len(self.body):,} bytes) than the mail server takes ({connection.largest:,})."
        return ""

    def mail_from(self, connection: SmtpConnection) -> bytes:
        """MAIL with what this server can be told: the size (RFC 1870), UTF-8 in addresses and headers (RFC 6531)."""
        options = b" SIZE=%d" % len(self.body) if connection.supports("size") else b""
        if self.utf8:
            options += b" SMTPUTF8" + (b" BODY=8BITMIME" if connection.supports("8bitmime") else b"")
        return b"MAIL FROM:<%b>%b\r\n" % (self.sender, options)

    def rcpt_to(self) -> bytes:
        """RCPT."""
        return b"RCPT TO:<%b>\r\n" % self.recipient


def mail_of(message: Message) -> Mail:
    """Raises InvalidInput for what cannot be sent by mail."""
    sender = sender_parts(message.sender)[1]
    recipient = wire_address(message.recipient)
    content = mime_bytes(message, recipient=recipient, ending=b".\r\n")
    utf8 = needs_utf8(recipient) or needs_utf8(sender)
    return Mail(sender.encode(), recipient.encode(), content, utf8)
