"""How fast a campaign goes, and when it stops.

allowed = await allow(campaign, domains)     # who may go now, who later, how long the others wait and why
await give_back(campaign, domains)           # what was allowed and not used
await learn(domains, outcomes)               # which domains ask for less
"""

from __future__ import annotations

from app.campaigns.pacing.allowed import Allowed
from app.campaigns.pacing.allowing import allow, give_back, take_server
from app.campaigns.pacing.domains import DomainRate, domain_rates, learn
from app.campaigns.pacing.limits import least_seconds, useful
from app.campaigns.pacing.outage import note_away, note_back, note_limit
from app.campaigns.pacing.warm_up import plan

__all__ = [
    "Allowed",
    "DomainRate",
    "allow",
    "domain_rates",
    "give_back",
    "learn",
    "least_seconds",
    "note_away",
    "note_back",
    "note_limit",
    "plan",
    "take_server",
    "useful",
]
