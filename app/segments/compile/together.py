"""Several reads at once, of which none outlives the one who waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def together(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """The results in order, as of `asyncio.gather`; but when one fails the others are cancelled, and with them what
    MongoDB does for them."""
    jobs = [asyncio.ensure_future(one) for one in work]
    try:
        return list(await asyncio.gather(*jobs))
    finally:
        for job in jobs:
            job.cancel()
