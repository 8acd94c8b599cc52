"""What the simulated vendor does with each person's message: drawn from the seed, the same in every run and try."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from models.campaign_plan import Simulation
from models.receipt import ReceiptEvent

_DRAWS = struct.Struct(">16I")

REFUSED = (
    *(("550 5.1.1 The email account that you tried to reach does not exist",) * 5),
    *(("552 5.2.2 The recipient's mailbox is over its quota",) * 2),
    "550 5.1.2 The recipient's domain does not exist",
    "550 5.7.1 Blocked: the sending address is on a block list",
    "554 5.7.1 Message refused by local policy",
)
"""What the vendor says when it refuses for good, each as often as it stands here (RFC 3463 for the codes)."""

REFUSED_FOR_NOW = (
    "451 4.3.2 The system is not accepting messages now, try again later",
    "450 4.2.1 The mailbox receives mail at a rate that prevents more, try again later",
    "452 4.2.2 The recipient's mailbox is full, try again later",
    "421 4.7.0 Too many messages from this address, slow down",
)
UNCLEAR = "The connection broke after the message was handed over; it may or may not have arrived."
BOUNCED = (
    ("550 5.1.1 User unknown", True),
    ("550 5.1.1 User unknown", True),
    ("552 5.2.2 Mailbox full", False),
)
"""What a bounce says, and whether the address is wrong for good."""

COMPLAINED = "Reported as spam by the recipient"


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatedReceipt:
    """A receipt that comes `comes` seconds after the message and says what happened `happened` seconds after it.

    `copy` tells repeats of the same receipt apart.
    """

    event: ReceiptEvent
    happened: float
    comes: float
    permanent: bool = False
    reason: str = ""
    copy: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Fate:
    """One person's message: `refused` for good with these words; or `later` for the first `tries` times; then taken,
    with the receipts that will come of it.

    `unclear`: at the first try the line breaks when the message is handed over; `arrived` says whether it was taken.
    """

    refused: str = ""
    later: str = ""
    tries: int = 0
    unclear: bool = False
    arrived: bool = True
    receipts: tuple[SimulatedReceipt, ...] = ()


def fate_of(simulation: Simulation, person: str) -> Fate:
    """The fate of `person` (an id as text) under this simulation. Pure: no clock, no state. About 5 microseconds."""
    digest = hashlib.blake2b(f"{simulation.seed}:{person}".encode(), digest_size=_DRAWS.size).digest()
    refused, later, words, tries, lost, kind, late, *rest = (draw / 2**32 for draw in _DRAWS.unpack(digest))
    if refused < simulation.failed:
        return Fate(refused=REFUSED[int(words * len(REFUSED))])
    receipts = () if lost < simulation.lost else _receipts(simulation, kind, late, rest)
    if later >= simulation.temporary:
        unclear = rest[5] < simulation.unclear
        return Fate(unclear=unclear, arrived=not unclear or rest[6] < 0.5, receipts=receipts)
    return Fate(
        later=REFUSED_FOR_NOW[int(words * len(REFUSED_FOR_NOW))], tries=1 if tries < 0.7 else 2, receipts=receipts
    )


def _receipts(simulation: Simulation, kind: float, late: float, rest: list[float]) -> tuple[SimulatedReceipt, ...]:
    twice, disordered, gap, words, again = rest[:5]
    first = late * simulation.late_seconds
    second = first + gap * (simulation.late_seconds - first)
    complained = simulation.bounced <= kind < simulation.bounced + simulation.complained
    if disordered < simulation.reordered:
        # Two change places; one alone comes at once, perhaps before it is written down that the message was taken.
        first, second = (second, first) if complained else (0.0, second)
    happened = min(first, second) / 2
    if kind < simulation.bounced:
        reason, permanent = BOUNCED[int(words * len(BOUNCED))]
        bounced = SimulatedReceipt(
            event=ReceiptEvent.BOUNCED, happened=happened, comes=first, permanent=permanent, reason=reason
        )
        return _copies(simulation, twice, again, bounced)
    delivered = SimulatedReceipt(event=ReceiptEvent.DELIVERED, happened=happened, comes=first)
    if not complained:
        return _copies(simulation, twice, again, delivered)
    complaint = SimulatedReceipt(
        event=ReceiptEvent.COMPLAINED, happened=min(first, second), comes=second, reason=COMPLAINED
    )
    return _copies(simulation, twice, again, delivered, complaint)


def _copies(
    simulation: Simulation, twice: float, again: float, *receipts: SimulatedReceipt
) -> tuple[SimulatedReceipt, ...]:
    if twice >= simulation.duplicate:
        return receipts
    copies = (
        SimulatedReceipt(
            event=one.event,
            happened=one.happened,
            comes=one.comes + again * max(simulation.late_seconds - one.comes, 0.0),
            permanent=one.permanent,
            reason=one.reason,
            copy=2,
        )
        for one in receipts
    )
    return (*receipts, *copies)
