"""A connection at work: mail after mail, the next one's envelope on the heels of the last one's final dot.

RFC 2920 section 3.1 lets MAIL, RCPT and DATA follow a message's content in one write, so with PIPELINING a mail costs
one round trip. What may be tried again depends on how far it came (RFC 5321 section 4.5.4.1): only the mail whose final
dot was sent and not answered is undecided; of a prepared one the server has nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from app.channels.base import Outcome, Result
from app.channels.replies import CLOSING, SIGN_IN_CODES, outcome_of, words_of
from app.channels.smtp_batch import Parcel
from app.channels.smtp_connection import Reply, SmtpConnection
from app.channels.smtp_desk import Desk
from app.channels.smtp_mail import Mail
from app.channels.smtp_server import SmtpServer

_MAIL, _RCPT, _DATA, _FINAL, _EMPTY, _RSET, _QUIT = range(7)
_GOOD = {_MAIL: (250,), _RCPT: (250, 251), _DATA: (354,)}
_ALL_GOOD = [250, 250, 250, 354]
_ROUND = len(_ALL_GOOD)

_SLACK = 1024
"""Bytes that encryption may add to what waits to be sent."""


class Lane:
    """One connection and the mail or two on it. Owned by a desk, driven by the server's replies."""

    def __init__(self, connection: SmtpConnection, server: SmtpServer, desk: Desk) -> None:
        self._connection = connection
        self._server = server
        self._desk = desk
        self._pipelining = connection.supports("pipelining")
        self._steps: deque[int] = deque()
        self._opening: Parcel | None = None
        self._envelope_mail: Mail | None = None
        self._closing: Parcel | None = None
        self._refusal: tuple[int, bytes] | None = None
        self._addressed = False
        self._tail = 0
        self._fresh = True
        self._leaving = False
        connection.listener = self

    @property
    def alive(self) -> bool:
        """Whether it can take a mail."""
        return self._connection.alive and not self._leaving

    def work(self) -> None:
        """Begin the next mail, or rest."""
        envelope = self._next_envelope()
        if envelope:
            self._connection.write(envelope, replies=len(self._steps), seconds=self._server.reply_seconds)
        else:
            self._fresh = False
            self._desk.rests(self)

    def leave(self) -> None:
        """Say goodbye and go; only while it rests."""
        if self.alive:
            self._leaving = True
            self._steps.append(_QUIT)
            self._connection.quit()

    def replied(self, replies: Sequence[Reply]) -> None:
        """Replies in the order of the commands they are for."""
        steps = self._steps
        if (
            len(replies) == len(steps) == _ROUND
            and steps[0] == _FINAL
            and [code for code, _ in replies] == _ALL_GOOD
            and self._connection.alive
        ):
            # Nearly always: the last mail taken, the next one's envelope too.
            taken, self._closing = self._closing, None
            steps.clear()
            self._addressed = True
            self._hand_over(taken)
            return
        for code, text in replies:
            self._reply(code, text)
            if self._connection.listener is not self:
                return

    def _reply(self, code: int, text: bytes) -> None:
        step = self._steps.popleft()
        if step == _FINAL:
            self._content_answered(code, text)
        elif code == CLOSING or step == _QUIT:
            self._server_closes(step, code, text)
        elif step <= _DATA:
            self._envelope_answered(step, code, text)
        elif step == _RSET and code != 250:
            self._stop()
        elif not self._steps:
            self.work()

    def lost(self, *, silent: bool) -> None:
        """The connection broke, or the next reply did not come in time."""
        waited = self._server.final_seconds if self._closing is not None else self._server.reply_seconds
        away = silent and not self._leaving and self._desk.is_silent(waited)
        if self._closing is not None:
            self._desk.settle(self._closing, self._undecided(waited if silent else 0), answered=False)
        if self._opening is not None:
            self._settle_unopened(self._opening, away=away, waited=waited if silent else 0)
        self._closing = self._opening = None
        if away:
            self._desk.refuses_everything(f"does not answer within {waited:g} s", surely=True)
        self._desk.gone(self)

    def _next_envelope(self) -> bytes:
        """The commands that begin the next mail; none when there is none. With them go the steps that answer them."""
        found = self._desk.take(self._connection) if self._connection.alive else None
        if found is None:
            return b""
        self._opening, mail = found
        self._envelope_mail = mail
        self._refusal = None
        self._addressed = False
        self._steps.append(_MAIL)
        if not self._pipelining:
            return mail.mail_from(self._connection)
        self._steps.extend((_RCPT, _DATA))
        return mail.mail_from(self._connection) + mail.rcpt_to() + b"DATA\r\n"

    def _envelope_answered(self, step: int, code: int, text: bytes) -> None:
        good = code in _GOOD[step]
        if not good and self._refusal is None:
            self._refusal = (code, text)
        if step == _RCPT:
            self._addressed = good
        if step != _DATA:
            if self._pipelining:
                return
            if good:
                self._say_next(step)
                return
        if self._refusal is None:
            self._hand_over()
        else:
            self._refused(*self._refusal, begun=step == _DATA and code == 354)

    def _say_next(self, step: int) -> None:
        """One command at a time, for a server without PIPELINING."""
        assert self._envelope_mail is not None
        self._steps.append(step + 1)
        command = self._envelope_mail.rcpt_to() if step == _MAIL else b"DATA\r\n"
        self._connection.write(command, replies=1, seconds=self._server.reply_seconds)

    def _hand_over(self, taken: Parcel | None = None) -> None:
        """The server waits for the content: send it, and the next mail's envelope behind its final dot. `taken`: it has
        just accepted that one.
        """
        parcel, mail = self._opening, self._envelope_mail
        assert parcel is not None
        assert mail is not None
        if not self._connection.alive:
            return  # `lost` comes next, and nothing of this mail has left
        self._opening, self._closing, self._fresh = None, parcel, False
        if not self._desk.offer(parcel, taken):
            # The server waits for a content, and an empty one would be a mail: only the connection's end takes it back.
            self._closing = None
            self._stop()
            return
        self._steps.append(_FINAL)
        data = mail.body
        if self._pipelining and (envelope := self._next_envelope()):
            self._tail = len(envelope)
            data += envelope
        else:
            self._tail = 0
        self._connection.write(data, replies=len(self._steps), seconds=self._server.final_seconds)

    def _refused(self, code: int, text: bytes, *, begun: bool) -> None:
        """The envelope was refused. `begun`: the server waits for a content all the same, and is given an empty one."""
        parcel, self._opening = self._opening, None
        assert parcel is not None
        words = text.decode("utf-8", "replace")
        if code in SIGN_IN_CODES:
            self._desk.hand_back(parcel)
            self._desk.refuses_everything(f"wants another sign-in: {words_of(code, words)}", surely=True)
            self._stop()
            return
        self._desk.settle(parcel, outcome_of(code, words, self._server.name), answered=True)
        self._fresh = False
        if begun and self._addressed:
            self._stop()
            return
        data = b".\r\nRSET\r\n" if begun else b"RSET\r\n"
        self._steps.extend((_EMPTY, _RSET) if begun else (_RSET,))
        if self._pipelining:
            data += self._next_envelope()
        self._connection.write(data, replies=len(self._steps), seconds=self._server.reply_seconds)

    def _content_answered(self, code: int, text: bytes) -> None:
        parcel, self._closing = self._closing, None
        assert parcel is not None
        self._fresh = False
        outcome = None if code == 250 else self._outcome(code, text)
        if outcome is None or outcome.result is Result.ACCEPTED:
            self._desk.taken(parcel)
        else:
            self._desk.settle(parcel, outcome, answered=True)
        if code == CLOSING:
            self._stop()
        elif self._steps:
            self._connection.within(self._server.reply_seconds)
        else:
            self.work()

    def _server_closes(self, step: int, code: int, text: bytes) -> None:
        """421, or the answer to QUIT. What it says of a mail counts for that mail; before any, for the server."""
        parcel, self._opening = self._opening, None
        if parcel is not None:
            words = words_of(code, text.decode("utf-8", "replace"))
            if self._refusal is not None:
                self._desk.settle(parcel, self._outcome(*self._refusal), answered=True)
            elif step in (_RCPT, _DATA):
                self._desk.settle(parcel, self._outcome(code, text), answered=True)
            else:
                # A connection may carry only so many mails; one that is new says that the server is busy as a whole.
                self._desk.hand_back(parcel)
                if self._fresh:
                    self._desk.refuses_everything(f"answers {words}", surely=False)
        self._stop()

    def _settle_unopened(self, parcel: Parcel, *, away: bool, waited: float) -> None:
        """Of a mail whose content was never sent: a refusal that came before the break is still the server's answer."""
        if self._refusal is not None:
            self._desk.settle(parcel, self._outcome(*self._refusal), answered=True)
        elif away or not self._fresh:
            # A server may drop a connection it finds idle; only a new one that breaks says something.
            self._desk.hand_back(parcel)
        else:
            self._desk.settle(parcel, self._broke(waited), answered=False)

    def _outcome(self, code: int, text: bytes) -> Outcome:
        return outcome_of(code, text.decode("utf-8", "replace"), self._server.name)

    def _broke(self, waited: float) -> Outcome:
        place = self._server.place
        words = f"The connection to {place} broke before the message was handed over."
        if waited:
            words = f"{place} did not answer within {waited:g} s, before the message was handed over."
        return Outcome(result=Result.TEMPORARY, words=words, server=self._server.name)

    def _undecided(self, waited: float) -> Outcome:
        if self._connection.unsent > self._tail + _SLACK:
            return self._broke(waited)
        within = f" within {waited:g} s" if waited else ""
        words = f"{self._server.place} took the whole message but did not answer{within}; "
        words += "it may or may not have arrived."
        return Outcome(result=Result.AMBIGUOUS, words=words, server=self._server.name)

    def _stop(self) -> None:
        """Close from this side; a mail that was only prepared goes back."""
        self._connection.close()
        if self._opening is not None:
            self._desk.hand_back(self._opening)
            self._opening = None
        self._desk.gone(self)
