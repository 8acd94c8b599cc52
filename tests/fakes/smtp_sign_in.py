"""Signing in to the mail server on loopback: AUTH PLAIN, LOGIN (RFC 4954) and CRAM-MD5 (RFC 2195)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping

_CHALLENGE = b"<17.4711@sink.example>"


class SignIn:
    """The conversation of one connection."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = users
        self._said: list[str] = []
        self.how = ""
        self.done = False

    @property
    def under_way(self) -> bool:
        """Whether the next line belongs to it."""
        return bool(self._said)

    def begin(self, line: str) -> str:
        """The answer to AUTH."""
        words = line.split()
        self.how = words[1].upper() if len(words) > 1 else ""
        if self.how == "PLAIN" and len(words) > 2:
            return self._plain(words[2])
        if self.how == "PLAIN":
            self._said = ["PLAIN"]
            return "334 "
        if self.how == "LOGIN":
            self._said = ["LOGIN", *words[2:3]]
            return "334 " + _encoded(b"Password:" if len(words) > 2 else b"Username:")
        if self.how == "CRAM-MD5":
            self._said = ["CRAM-MD5"]
            return "334 " + _encoded(_CHALLENGE)
        return "504 5.5.4 unknown mechanism"

    def go_on(self, line: str) -> str:
        """The answer to a line that belongs to it."""
        self._said.append(line)
        if self.how == "PLAIN":
            return self._plain(line)
        if self.how == "CRAM-MD5":
            user, _, digest = base64.b64decode(line).decode().rpartition(" ")
            right = hmac.new(self._users.get(user, "").encode(), _CHALLENGE, "md5").hexdigest()
            return self._decide(user in self._users and hmac.compare_digest(digest, right))
        if len(self._said) < 3:
            return "334 " + _encoded(b"Password:")
        user, password = (base64.b64decode(text).decode() for text in self._said[1:])
        return self._decide(self._users.get(user) == password)

    def _plain(self, text: str) -> str:
        _, user, password = base64.b64decode(text).decode().split("\0")
        return self._decide(self._users.get(user) == password)

    def _decide(self, right: bool) -> str:
        self._said = []
        self.done = right
        return "235 2.7.0 Ok" if right else "535 5.7.8 Authentication credentials invalid"


def _encoded(text: bytes) -> str:
    return base64.b64encode(text).decode()
