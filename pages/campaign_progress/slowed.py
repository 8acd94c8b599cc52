"""Domains that asked for less at a time: said on the page of whatever campaign is being sent."""

from __future__ import annotations

import time

from redis.exceptions import RedisError

from app.campaigns.pacing import domain_rates

ASK_SECONDS = 5.0
"""How long an answer serves all pages of this process."""

SHOWN = 3

_kept: tuple[float, str] = (float("-inf"), "")


async def slowed_words() -> str:
    """One sentence for each of the slowest domains; empty while none is slowed or nobody can say."""
    global _kept
    if time.monotonic() - _kept[0] < ASK_SECONDS:
        return _kept[1]
    try:
        rates = await domain_rates()
    except RedisError:
        return ""
    said = [rate.sentence.rstrip(".") + "." for rate in rates[:SHOWN]]
    if len(rates) > SHOWN:
        said.append(f"{len(rates) - SHOWN} more domains are slowed.")
    _kept = (time.monotonic(), " ".join(said))
    return _kept[1]
