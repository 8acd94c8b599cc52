"""What counting a request costs: of tokens that the process holds, and with a question to Valkey each time.

Measured against the embedded Valkey, one at a time on one event loop, as the API does it.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from app.embedded import embedded_servers
from app.limits.allowance import spend
from app.limits.buckets import Limit, take
from app.settings import read_settings, use_settings

API = Limit(name="bench-api", per_minute=60_000_000, burst=60_000_000)
STRICT = Limit(name="bench-strict", per_minute=600_000, burst=600_000)
COUNT = 5_000


async def measure() -> None:
    """Print microseconds a request."""
    for name, ask in (
        ("held by the process", lambda: spend(API, "ann")),
        ("asked of Valkey", lambda: take([(STRICT, "ann")])),
    ):
        await ask()
        began = time.perf_counter()
        for _ in range(COUNT):
            await ask()
        print(f"{name}: {(time.perf_counter() - began) / COUNT * 1e6:,.1f} us a request")
    limit = Limit(name="bench-default", per_minute=60_000, burst=60_000)
    began = time.perf_counter()
    for _ in range(COUNT):
        await spend(limit, "ann")
    print(f"the default, 60,000 a minute: {(time.perf_counter() - began) / COUNT * 1e6:,.1f} us a request")


async def main() -> None:
    """With a Valkey of its own."""
    with tempfile.TemporaryDirectory() as folder:
        base = read_settings(_env_file=None, data_dir=Path(folder), mongodb_url="mongodb://unused", redis_url="")
        async with embedded_servers(base) as settings:
            use_settings(settings)
            await measure()


if __name__ == "__main__":
    asyncio.run(main())
