"""What the dispatch benchmark sends, to whom, and what its processes use."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from bson import ObjectId

from app.auth.members import system_member
from app.campaigns.life.service import create_campaign, send
from app.database import collection
from app.segments.catalogue import forget_catalogue, load_catalogue
from models import Campaign, Customer, Segment
from models.campaign import CampaignState
from models.customer import shadows_of

BODY = "<p>Dear {{ customer.first_name | default: 'friend' }},</p>" + "<p>News from the shop, told at length.</p>" * 60
SLICE = 20_000


async def fill(people: int, *, before: int = 0) -> None:
    """Customers who all agreed to email, `people` in all, `before` of them there already."""
    template = Customer(first_name="x").model_dump(exclude={"id", "revision_id"})
    template |= {"total_spent": None, "average_order_value": None}
    rows = []
    for number in range(before, people):
        own = {"first_name": f"Ann{number}", "last_name": "Person", "email": f"p{number}@d{number % 200}.example.com"}
        rows.append({**template, "_id": ObjectId(), **own, "email_opt_in": True, **shadows_of(own)})
        if len(rows) == SLICE or number == people - 1:
            await collection("customers").insert_many(rows, ordered=False)
            rows = []


async def draft() -> Campaign:
    """A campaign to everybody, ready to be sent."""
    rule = {"combinator": "and", "rules": [{"field": "last_name", "operator": "=", "value": "Person"}]}
    name = str(time.time())
    segment = await Segment(name=name, name_folded=name, rule=rule).insert()
    forget_catalogue()
    member = system_member()
    data = {"name": "Bench", "subject": "For {{ customer.first_name }}", "body": BODY, "segment_ids": [str(segment.id)]}
    campaign = await create_campaign(member, data)
    await load_catalogue()
    return campaign


async def launch(campaign: Campaign) -> Campaign:
    """Send it, as the button does."""
    assert campaign.id is not None
    return await send(system_member(), campaign.id)


async def reload(campaign: Campaign) -> Campaign:
    """The campaign as it is now."""
    found = await Campaign.get(campaign.id)
    assert found is not None
    return found


async def is_done(campaign: Campaign) -> bool:
    """Whether it has ended."""
    found = await collection("campaigns").find_one({"_id": campaign.id}, {"state": 1})
    return found is not None and found["state"] == CampaignState.DONE.value


@dataclass
class Used:
    """What a process has used: seconds of CPU, megabytes of memory now."""

    cpu: float
    memory: float

    @classmethod
    def by(cls, pid: int) -> Used:
        """Read from proc(5); nothing for a process that has ended."""
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except OSError:
            return cls(0.0, 0.0)
        ticks = os.sysconf("SC_CLK_TCK")
        return cls((int(fields[11]) + int(fields[12])) / ticks, pages * os.sysconf("SC_PAGE_SIZE") / 1e6)


def servers_below(pid: int) -> dict[str, int]:
    """The embedded servers among the descendants of a process, by the name of their program."""
    found: dict[str, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = path.read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue
        if int(rest.split()[1]) == pid and ("mongod" in name or "valkey" in name):
            found["mongod" if "mongod" in name else "valkey"] = int(path.parent.name)
    return found
