"""When a mail server that failed is tried again, and what is known of it until then."""

from __future__ import annotations

from time import monotonic

from app.channels.base import Unreachable

FIRST_RETRY_SECONDS = 1.0
LAST_RETRY_SECONDS = 30.0


class Outage:
    """Nobody knocks for 1 s after the first failure, doubling up to 30 s, until the server has answered for a mail."""

    def __init__(self) -> None:
        self.words = ""
        self.unproven = False
        self._failures = 0
        self._until = 0.0
        self._shut_until = 0.0
        self._heard = float("-inf")

    @property
    def resting(self) -> float:
        """Seconds for which no new connection is tried."""
        return max(0.0, self._until - monotonic())

    @property
    def shut(self) -> bool:
        """Whether nothing is to be handed over even where a connection is open."""
        return monotonic() < self._shut_until

    @property
    def unreachable(self) -> Unreachable:
        """The error that says so."""
        return Unreachable(self.words, retry_in=max(self.resting, 0.05))

    def failed(self, words: str) -> None:
        """A connection could not be opened or used. Failures of one moment count once."""
        if not self.resting:
            pause = min(FIRST_RETRY_SECONDS * 2**self._failures, LAST_RETRY_SECONDS)
            self._failures = min(self._failures + 1, 16)
            self._until = monotonic() + pause
        self.unproven = True
        self.words = words

    def shut_down(self) -> None:
        """Use no open connection either, as long as no new one is tried."""
        self._shut_until = self._until

    def answered(self) -> bool:
        """The server has answered for a mail. Whether that ends an outage."""
        self._heard = monotonic()
        ends = self.unproven
        self._failures = 0
        self.unproven = False
        return ends

    def silent_for(self, seconds: float) -> bool:
        """Whether no mail has been answered for so long, give or take a tenth."""
        return monotonic() - self._heard >= seconds * 0.9
