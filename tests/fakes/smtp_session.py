"""One connection of the mail server on loopback: SMTP with pipelining (RFC 5321, RFC 2920), as the script says."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from tests.fakes.smtp_script import Received, next_reply
from tests.fakes.smtp_sign_in import SignIn

if TYPE_CHECKING:
    from tests.fakes.smtp import SmtpSink

_MESSAGE_ID = re.compile(rb"^message-id:[ \t]*(<[^>\r\n]*>)", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"<([^>]*)>")


class Session(asyncio.Protocol):
    """Answers to what arrived together leave together, as RFC 2920 section 3.2 asks, unless the script splits them."""

    def __init__(self, sink: SmtpSink) -> None:
        self._sink = sink
        self._script = sink.script
        self._buffer = b""
        self._out: list[bytes] = []
        self._in_data = False
        self._sender = ""
        self._recipient = ""
        self._accepted = False
        self._taken = 0
        self._sign_in = SignIn(self._script.users)
        self._resting = False
        self._hung = False
        self._upgrading = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._sink.opened(transport)
        if self._upgrading:
            self._upgrading = False
            return
        self._sink.connections += 1
        if self._script.hangs("accept"):
            self._hung = True
            return
        greeting = self._script.busy_reply if self._script.is_busy else self._script.greeting
        self._say(greeting)
        self._flush()
        if not greeting.startswith("220"):
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._sink.closed(self._transport)

    def data_received(self, data: bytes) -> None:
        """Work on whatever is there."""
        self._sink.reads += 1
        self._buffer += data
        self._work()

    def _work(self) -> None:
        while not self._resting and not self._hung:
            if self._in_data:
                if self._buffer.startswith(b".\r\n"):
                    content, self._buffer = b"", self._buffer[3:]
                else:
                    content, found, rest = self._buffer.partition(b"\r\n.\r\n")
                    if not found:
                        break
                    self._buffer = rest
                self._in_data = False
                self._end_of_data(content)
                continue
            line, found, rest = self._buffer.partition(b"\r\n")
            if not found:
                break
            self._buffer = rest
            self._command(line.decode("utf-8", "replace"))
        self._flush()

    def _command(self, line: str) -> None:
        verb = line[:4].upper()
        if self._sign_in.under_way:
            self._say(self._sign_in.go_on(line))
        elif verb == "EHLO":
            self._ehlo()
        elif verb == "AUTH":
            self._say(self._sign_in.begin(line))
        elif verb == "STAR":
            self._starttls()
        elif verb == "MAIL":
            self._mail(line)
        elif verb == "RCPT":
            self._rcpt(line)
        elif verb == "DATA":
            self._data()
        elif verb == "QUIT":
            self._say("221 2.0.0 Bye")
            self._flush()
            self._transport.close()
        else:
            self._say("250 2.0.0 Ok")

    def _ehlo(self) -> None:
        script = self._script
        self._hung = script.hangs("ehlo")
        lines = ["sink", "8BITMIME", "ENHANCEDSTATUSCODES"]
        lines += ["PIPELINING"] if script.pipelining else []
        lines += ["SMTPUTF8"] if script.smtputf8 else []
        lines += [f"SIZE {script.size}"] if script.size else []
        lines += [f"AUTH {script.auth}"] if script.users else []
        if script.tls == "starttls" and self._transport.get_extra_info("sslcontext") is None:
            lines.append("STARTTLS")
        self._say("\r\n".join([*(f"250-{text}" for text in lines), "250 HELP"]))

    def _starttls(self) -> None:
        self._say(self._script.starttls_reply)
        self._flush()
        if self._script.starttls_reply.startswith("220"):
            self._upgrading = True
            self._resting = True
            task = asyncio.ensure_future(self._upgrade())
            task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())

    async def _upgrade(self) -> None:
        loop = asyncio.get_running_loop()
        found = await loop.start_tls(self._transport, self, self._sink.tls_context(), server_side=True)
        assert isinstance(found, asyncio.Transport)
        self._transport = found
        self._sink.opened(found)
        self._upgrading = False
        self._resting = False
        self._work()

    def _mail(self, line: str) -> None:
        self._hung = self._script.hangs("mail")
        self._sink.commands.append(line)
        size = re.search(r" SIZE=(\d+)", line) if self._script.size else None
        if self._script.is_busy:
            self._say(self._script.busy_reply)
            self._flush()
            self._transport.close()
        elif self._script.users and not self._sign_in.done:
            self._say("530 5.7.0 Authentication required")
        elif size and int(size[1]) > self._script.size:
            self._say("552 5.3.4 message too large")
        else:
            self._sender, self._recipient, self._accepted = _address(line), "", False
            self._say("250 2.1.0 Ok")

    def _rcpt(self, line: str) -> None:
        self._recipient = _address(line)
        self._hung = self._script.hangs("rcpt", self._recipient)
        reply = self._script.rcpt_reply(self._recipient) or "250 2.1.5 Ok"
        self._accepted = reply.startswith("250")
        self._say(reply)

    def _data(self) -> None:
        self._hung = self._script.hangs("data", self._recipient)
        if self._script.drops(self._recipient, "before"):
            self._flush()
            self._transport.abort()
            return
        reply = "354 go ahead" if self._accepted else self._script.data_without_recipient
        self._in_data = reply.startswith("354")
        self._say(reply)

    def _end_of_data(self, content: bytes) -> None:
        if self._script.drops(self._recipient, "after"):
            self._transport.abort()
            return
        if not self._accepted:
            self._answer("554 5.5.1 no valid recipients")
            return
        reply = next_reply(self._script.data, self._recipient) or "250 2.0.0 Ok: queued"
        if self._script.size and len(content) > self._script.size:
            reply = "552 5.3.4 message too large"
        if self._script.hangs("final", self._recipient):
            self._hung = True
            return
        if reply.startswith("250"):
            found = _MESSAGE_ID.search(content)
            kept = content.replace(b"\r\n..", b"\r\n.") if self._sink.keep_bodies else b""
            self._sink.accept(
                Received(self._sender, self._recipient, found[1].decode("utf-8", "replace") if found else "", kept)
            )
        self._taken += 1
        if self._script.latency:
            self._flush()
            self._resting = True
            asyncio.get_running_loop().call_later(self._script.latency, self._answer_later, reply)
        else:
            self._answer(reply)

    def _answer_later(self, reply: str) -> None:
        self._resting = False
        self._answer(reply)
        self._work()

    def _answer(self, reply: str) -> None:
        self._say(reply)
        limit = self._script.close_after
        if limit and self._taken >= limit:
            self._say("421 4.7.0 enough for one connection")
            self._flush()
            self._transport.close()

    def _say(self, text: str) -> None:
        if self._hung:
            return
        self._out.append(text.encode() + b"\r\n")
        if self._script.split_replies:
            self._flush()

    def _flush(self) -> None:
        if not self._out:
            return
        data = b"".join(self._out)
        self._out.clear()
        if self._script.reply_delay:
            asyncio.get_running_loop().call_later(self._script.reply_delay, self._write, data)
        else:
            self._write(data)

    def _write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)


def _address(line: str) -> str:
    found = _ADDRESS.search(line)
    return found[1].lower() if found else ""
