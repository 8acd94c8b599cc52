"""How the mail server on loopback misbehaves, and what it keeps."""

from __future__ import annotations

import time
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Stage = Literal["", "accept", "ehlo", "mail", "rcpt", "data", "final"]


@dataclass(frozen=True, slots=True)
class Received:
    """One accepted mail. `content` is empty unless bodies are kept."""

    sender: str
    recipient: str
    message_id: str
    content: bytes = b""


@dataclass
class Script:
    """How to misbehave. Replies are whole lines such as `451 4.3.0 try later`.

    - `rcpt`, `data`: replies by recipient; a list is used up reply by reply and then all is well, a text is given each
      time. `shares`: reply -> share of all recipients that get it to RCPT, chosen by `seed` and address, so the same
      ones each time; a 4xx of them is given once for each address. `share` and `share_reply` are one such pair.
    - `busy(seconds)`: 421 to new connections and to MAIL until then.
    - `hang`: the stage at which it falls silent (`accept`: nothing is ever said), for `hang_for` alone when given.
    - `drop_before_data`, `drop_after_data`: recipients whose connection breaks once, before or after the content;
      `drop_before_share`, `drop_after_share` choose them by address.
    - `latency`: seconds before the answer to each final dot; `reply_delay`: before every answer.
    - `tls`: `starttls` or `implicit`, with the certificate that `SmtpSink` was given; `starttls_reply` instead of 220.
    - `size`: the SIZE it offers and enforces; `users` and `auth`: who may sign in, and how.
    """

    greeting: str = "220 sink ESMTP"
    rcpt: dict[str, str | list[str]] = field(default_factory=dict)
    data: dict[str, str | list[str]] = field(default_factory=dict)
    share: float = 0.0
    share_reply: str = "550 5.2.1 mailbox disabled"
    shares: dict[str, float] = field(default_factory=dict)
    seed: int = 0
    busy_until: float = 0.0
    busy_reply: str = "421 4.3.2 busy, come back later"
    hang: Stage = ""
    hang_for: set[str] = field(default_factory=set)
    drop_before_data: set[str] = field(default_factory=set)
    drop_after_data: set[str] = field(default_factory=set)
    drop_before_share: float = 0.0
    drop_after_share: float = 0.0
    latency: float = 0.0
    reply_delay: float = 0.0
    close_after: int = 0
    users: dict[str, str] = field(default_factory=dict)
    auth: str = "PLAIN LOGIN"
    smtputf8: bool = True
    pipelining: bool = True
    split_replies: bool = False
    size: int = 0
    tls: Literal["", "starttls", "implicit"] = ""
    starttls_reply: str = "220 2.0.0 go ahead"
    data_without_recipient: str = "503 5.5.1 no valid recipients"
    _once: Counter[str] = field(default_factory=Counter)

    def busy(self, seconds: float) -> None:
        """Answer 421 from now on for so long."""
        self.busy_until = time.monotonic() + seconds

    @property
    def is_busy(self) -> bool:
        """Whether it answers 421 now."""
        return bool(self.busy_until) and time.monotonic() < self.busy_until

    def hangs(self, stage: Stage, recipient: str = "") -> bool:
        """Whether it falls silent here."""
        return self.hang == stage and (not self.hang_for or recipient in self.hang_for)

    def rcpt_reply(self, recipient: str) -> str | None:
        """What to say to RCPT instead of 250."""
        if reply := next_reply(self.rcpt, recipient):
            return reply
        if self.share and self._chosen(recipient, "", self.share):
            return self.share_reply
        for reply, share in self.shares.items():
            if self._chosen(recipient, reply, share) and (reply[0] != "4" or self._first(reply + recipient)):
                return reply
        return None

    def drops(self, recipient: str, when: Literal["before", "after"]) -> bool:
        """Whether the connection breaks here; once for each recipient."""
        named = self.drop_before_data if when == "before" else self.drop_after_data
        if recipient in named:
            named.discard(recipient)
            return True
        share = self.drop_before_share if when == "before" else self.drop_after_share
        return bool(share) and self._chosen(recipient, when, share) and self._first(when + recipient)

    def picks(self, reply: str, recipients: list[str]) -> set[str]:
        """Those of the recipients that the share of this reply (or `before`, `after`) falls on."""
        share = {"before": self.drop_before_share, "after": self.drop_after_share, **self.shares}[reply]
        return {recipient for recipient in recipients if self._chosen(recipient, reply, share)}

    def _chosen(self, recipient: str, salt: str, share: float) -> bool:
        text = f"{self.seed}{salt}{recipient}" if self.seed or salt else recipient
        return zlib.crc32(text.encode()) % 1000 < share * 1000

    def _first(self, key: str) -> bool:
        self._once[key] += 1
        return self._once[key] == 1


def next_reply(replies: dict[str, str | list[str]], recipient: str) -> str | None:
    """The scripted reply for this recipient."""
    reply = replies.get(recipient)
    if isinstance(reply, list):
        return reply.pop(0) if reply else None
    return reply
