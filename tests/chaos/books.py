"""The books after the end: the ledger against what the mail server wrote down, person by person."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from bson import ObjectId
from pymongo import AsyncMongoClient

from tests.chaos.shop import address
from tests.chaos.sink_log import MailSink

NAMED = ("unknown", "failed", "skipped", "suppressed", "cancelled", "held_out")
"""States of people who need not have got a mail, because the ledger names them."""


@dataclass
class Books:
    """`missed` got nothing and nobody says so; `untrue` are called sent and got nothing."""

    people: int
    mails: int
    states: dict[str, int] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)
    duplicates: dict[str, int] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)

    @property
    def unknown(self) -> int:
        return self.states.get("unknown", 0)

    @property
    def doubled(self) -> int:
        """Mails beyond each person's first."""
        return sum(self.duplicates.values())

    def faults(self, *, resend: bool, connections: int) -> list[str]:
        """What must not be, in sentences. `connections` were open at the kills, summed over them."""
        found = [
            f"{len(people)} {what}, among them {people[:3]}"
            for what, people in (
                ("missed", self.missed),
                ("called sent without a mail", self.untrue),
                ("got a mail and are not in the audience", self.strangers),
                ("got a mail and are called something else than sent or unknown", self.unnamed),
            )
            if people
        ]
        if sum(self.states.values()) != self.people:
            found.append(f"{sum(self.states.values())} deliveries for {self.people} people")
        doubled = self.doubled
        if resend and self.unknown:
            found.append(f"{self.unknown} unknown, although the policy is to send again")
        if doubled > (connections if resend else 0):
            found.append(f"{doubled} mails twice, with {connections} connections at the kills")
        if self.unknown > connections:
            found.append(f"{self.unknown} unknown, with {connections} connections at the kills")
        return found


async def compare(mongodb_url: str, campaign_id: str, people: int, sink: MailSink) -> Books:
    """Read the ledger and the log."""
    sink.total()
    states: dict[str, str] = {}
    tallies: dict[str, int] = defaultdict(int)
    async with AsyncMongoClient(mongodb_url, serverSelectionTimeoutMS=10_000) as client:
        rows = client.get_default_database("cohort")["deliveries"].find(
            {"campaign_id": ObjectId(campaign_id)}, {"address": 1, "state": 1}
        )
        async for row in rows:
            states[row["address"]] = row["state"]
            tallies[row["state"]] += 1
    audience = {address(number) for number in range(people)}
    reached = set(sink.counts)
    return Books(
        people=people,
        mails=len(sink.all),
        states=dict(tallies),
        missed=sorted(one for one in audience - reached if states.get(one) not in NAMED),
        untrue=sorted(one for one in audience - reached if states.get(one) == "sent"),
        duplicates={one: count - 1 for one, count in sink.counts.items() if count > 1},
        strangers=sorted(reached - audience),
        unnamed=sorted(one for one in reached if states.get(one) not in ("sent", "unknown")),
    )
