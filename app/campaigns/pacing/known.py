"""What this process knows of recipients' domains without asking Redis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from app.campaigns.pacing.script import moment_now

SYNC_SECONDS = 1.0
"""How old the list of slowed domains may be, and how often the other processes are told what went."""

MOST_TOLD = 500
ANSWER_SECONDS = 5.0


class Known:
    """What this process knows of domains without asking: who is slowed, what went and what came back lately."""

    def __init__(self) -> None:
        self.slow: frozenset[str] = frozenset()
        self._synced = 0.0
        self._went: Counter[str] = Counter()
        self._turned = 0.0
        self._answers: list[Counter[str]] = [Counter(), Counter()]
        self._asked: list[Counter[str]] = [Counter(), Counter()]

    def went(self, domains: Sequence[str]) -> None:
        """These were allowed to go."""
        self._went.update(domains)

    def came_back(self, domains: Sequence[str]) -> None:
        """These were not sent after all."""
        self._went.subtract(domains)

    @property
    def is_stale(self) -> bool:
        """Whether it is time to ask again which domains are slowed."""
        return abs(moment_now() - self._synced) >= SYNC_SECONDS

    def synced(self, slow: Sequence[str]) -> None:
        """These are slowed as of now."""
        self.slow = frozenset(slow)
        self._synced = moment_now()

    def retry_later(self) -> None:
        """Redis is away: leave it alone for a second."""
        self._synced = moment_now()

    def to_tell(self) -> dict[str, int]:
        """What the busiest domains got since the last call, to be told to the other processes."""
        told = {name: count for name, count in self._went.most_common(MOST_TOLD) if name and count > 0}
        self._went.clear()
        return told

    def answers(self, domains: Sequence[str], asked: Sequence[str]) -> None:
        """Count an answer of the servers of each of these `domains`, remembered for five to ten seconds.

        `asked` has those of them that asked for less.
        """
        moment = moment_now()
        if abs(moment - self._turned) >= ANSWER_SECONDS:
            stale = abs(moment - self._turned) >= 2 * ANSWER_SECONDS
            self._answers = [Counter(), Counter() if stale else self._answers[0]]
            self._asked = [Counter(), Counter() if stale else self._asked[0]]
            self._turned = moment
        self._answers[0].update(domains)
        self._asked[0].update(asked)

    def share(self, domain: str) -> float:
        """How many of the domain's latest answers asked for less, 0 to 1."""
        answers = sum(each[domain] for each in self._answers)
        return self.asked(domain) / answers if answers else 0.0

    def asked(self, domain: str) -> int:
        """How many of the domain's latest answers asked for less."""
        return sum(each[domain] for each in self._asked)


known = Known()
