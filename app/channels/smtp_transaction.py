"""One mail transaction, spelled out: what may be tried again depends on how far it came (RFC 5321 section 4.5.4.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.channels.base import Outcome, Result
from app.channels.replies import SIGN_IN_CODES, outcome_of, words_of
from app.channels.smtp_connection import ConnectionLost, Reply, SmtpConnection

CLOSING = 421
_LEADING_DOT = re.compile(rb"(?m)^\.")
_GOOD = ((250,), (250, 251), (354,))


class NothingTaken(Exception):
    """The connection broke before the final dot: the server has taken nothing."""


class SignInWanted(Exception):
    """The server asks for another sign-in; `words` are its own."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """A message on its way: bare addresses, the bytes with CRLF at each line's end, and whether it needs SMTPUTF8."""

    sender: str
    recipient: str
    content: bytes
    utf8: bool = False


async def transact(connection: SmtpConnection, mail: Mail, place: str) -> Outcome:
    """Hand one mail over; the connection is ready for the next one or closed.

    With PIPELINING the envelope and DATA travel together, so a mail costs two round trips instead of four.
    Raises NothingTaken and SignInWanted.
    """
    if mail.utf8 and not connection.supports("smtputf8"):
        words = "The mail server does not take addresses with letters outside ASCII (SMTPUTF8)."
        return Outcome(result=Result.PERMANENT, words=words)
    refused = await _envelope(connection, mail)
    if refused is None:
        return await _hand_over(connection, mail.content, place)
    if refused.code == CLOSING:
        connection.close()
        raise NothingTaken
    if refused.code in SIGN_IN_CODES:
        connection.close()
        raise SignInWanted(words_of(refused.code, refused.text))
    return outcome_of(refused.code, refused.text)


async def _envelope(connection: SmtpConnection, mail: Mail) -> Reply | None:
    """Sender, recipient and DATA; the first refusal, after which the server has forgotten the transaction, or None."""
    options = b" SMTPUTF8" if mail.utf8 else b""
    commands = (
        b"MAIL FROM:<" + mail.sender.encode() + b">" + options + b"\r\n",
        b"RCPT TO:<" + mail.recipient.encode() + b">\r\n",
        b"DATA\r\n",
    )
    if connection.supports("pipelining"):
        replies = await _together(connection, commands)
    else:
        replies = await _one_by_one(connection, commands)
    refused = _refusal(replies)
    if refused is not None and refused.code != CLOSING:
        await _forget(connection, begun=len(replies) == len(commands) and replies[-1].code in _GOOD[-1])
    return refused


async def _together(connection: SmtpConnection, commands: tuple[bytes, ...]) -> list[Reply]:
    replies: list[Reply] = []
    try:
        connection.write(b"".join(commands), replies=len(commands))
        for _ in commands:
            replies.append(await connection.reply())
    except ConnectionLost as problem:
        # A refusal that came before the break is still the server's answer.
        if _refusal(replies) is None:
            raise NothingTaken from problem
    return replies


async def _one_by_one(connection: SmtpConnection, commands: tuple[bytes, ...]) -> list[Reply]:
    replies: list[Reply] = []
    try:
        for command in commands:
            replies.append(await connection.command(command))
            if _refusal(replies) is not None:
                break
    except ConnectionLost as problem:
        raise NothingTaken from problem
    return replies


def _refusal(replies: list[Reply]) -> Reply | None:
    return next((reply for reply, good in zip(replies, _GOOD, strict=False) if reply.code not in good), None)


async def _forget(connection: SmtpConnection, *, begun: bool) -> None:
    """End a refused transaction. `begun`: the server waits for a body all the same, and is given an empty one."""
    try:
        if begun:
            await connection.command(b".\r\n")
        reply = await connection.command(b"RSET\r\n")
    except ConnectionLost:
        return
    if reply.code != 250:
        connection.close()


async def _hand_over(connection: SmtpConnection, content: bytes, place: str) -> Outcome:
    if b"\n." in content or content.startswith(b"."):
        content = _LEADING_DOT.sub(b"..", content)
    try:
        connection.write(content + b".\r\n", replies=1)
    except ConnectionLost as problem:
        raise NothingTaken from problem
    try:
        reply = await connection.reply()
    except ConnectionLost:
        words = f"{place} took the whole message but did not answer; it may or may not have arrived."
        return Outcome(result=Result.AMBIGUOUS, words=words)
    if reply.code == CLOSING:
        connection.close()
    return outcome_of(reply.code, reply.text)
