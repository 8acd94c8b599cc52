"""The messages of one `send` on their way, and what became of each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from app.channels.base import Message, Outcome, Result

WITHDRAWN = Outcome(result=Result.UNTOUCHED)


class Batch:
    """Outcomes by place; `finished` is done when there is one for every message."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self.withdrawn = False
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._outcomes: list[Outcome] = [WITHDRAWN] * len(messages)
        self._missing = len(messages)
        if not messages:
            self.finished.set_result(None)

    def parcels(self, messages: Sequence[Message]) -> list[Parcel]:
        """The messages, each knowing its batch. Not kept here: a ring would hold them until the collector comes."""
        return [Parcel(self, place, message) for place, message in enumerate(messages)]

    @property
    def outcomes(self) -> list[Outcome]:
        """In the order of the messages; complete when `finished` is done."""
        return self._outcomes

    def settle(self, place: int, outcome: Outcome) -> None:
        """Note what became of one; once for each."""
        self._outcomes[place] = outcome
        self._missing -= 1
        if not self._missing and not self.finished.done():
            self.finished.set_result(None)


@dataclass(slots=True, eq=False)
class Parcel:
    """One message of a batch."""

    batch: Batch
    place: int
    message: Message

    def settle(self, outcome: Outcome) -> None:
        """This became of it."""
        self.batch.settle(self.place, outcome)
