"""When a delivery that failed for now is tried again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """Pauses in seconds after the first, second, ... try, each stretched or shrunk by up to `spread` so that tries do
    not bunch; the last repeats until `give_up` seconds have passed since the first try.
    """

    steps: Sequence[float] = (60, 300, 900, 3600, 4 * 3600, 12 * 3600)
    spread: float = 0.2
    give_up: float = 48 * 3600

    def next_try(self, attempts: int, first_try_at: datetime, moment: datetime) -> datetime | None:
        """The time of the next try after `attempts` tries, or None when it is time to give up."""
        step = self.steps[min(max(attempts, 1), len(self.steps)) - 1]
        due = moment + timedelta(seconds=step * random.uniform(1 - self.spread, 1 + self.spread))
        return due if due - first_try_at <= timedelta(seconds=self.give_up) else None


LADDER = Ladder()
"""The ladder in force."""
