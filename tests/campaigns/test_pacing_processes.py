"""A throttle shared by three processes on the real Valkey, measured as the receiving side would."""

from __future__ import annotations

import asyncio
import json
import sys
import textwrap
import time
from bisect import bisect_right

from bson import ObjectId

from app.settings import Settings

RATE = 200
SECONDS = 11.6
WINDOW = 10.0

WORKER = textwrap.dedent(
    """
    import asyncio, json, random, sys, time
    from bson import ObjectId
    from app.campaigns.pacing import allow, give_back, useful
    from app.campaigns.record.signals import close_signals
    from app.settings import read_settings, use_settings

    redis, campaign_id, rate, seed = sys.argv[1:]
    use_settings(read_settings(_env_file=None, mongodb_url="mongodb://127.0.0.1:1/x", redis_url=redis))
    campaign = {"_id": ObjectId(campaign_id), "throttle_per_second": int(rate)}
    chance = random.Random(int(seed))
    accepted = []

    async def hand(until):
        while time.time() < until:
            allowed = await allow(campaign, ["example.com"] * useful(campaign))
            if not allowed.go:
                await asyncio.sleep(allowed.wait)
                continue
            used = len(allowed.go)
            if chance.random() < 0.05:
                used -= 1
                await give_back(campaign, ["example.com"])
            # A channel that takes everything after the time an answer takes.
            await asyncio.sleep(chance.uniform(0.002, 0.04))
            accepted.extend([time.time()] * used)

    async def main():
        print("ready", flush=True)
        until = float(await asyncio.to_thread(sys.stdin.readline))
        await asyncio.gather(*(hand(until) for _ in range(2)))
        await close_signals()

    asyncio.run(main())
    print(json.dumps(accepted))
    """
)


def windows(times: list[float]) -> list[int]:
    """How many were accepted in the ten seconds from each acceptance on, and in those up to each."""
    begins = sorted([*times, *(at - WINDOW for at in times)])
    whole = [begin for begin in begins if times[0] <= begin and begin + WINDOW <= times[-1]]
    return [bisect_right(times, begin + WINDOW) - bisect_right(times, begin) for begin in whole]


async def _process(settings: Settings, campaign_id: ObjectId, seed: int) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WORKER, settings.redis_url, str(campaign_id), str(RATE), str(seed)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def test_three_processes_keep_200_a_second_over_any_ten_seconds(settings: Settings, database: object):
    id = ObjectId()
    started = await asyncio.gather(*(_process(settings, id, seed) for seed in range(3)))
    until = f"{time.time() + SECONDS}\n".encode()
    told = await asyncio.gather(*(process.communicate(until) for process in started))
    assert [process.returncode for process in started] == [0, 0, 0]
    answers = [json.loads(output) for output, _ in told]
    assert all(len(answer) > RATE for answer in answers), "one process did all the work"
    began = max(answer[0] for answer in answers)
    times = sorted(at for answer in answers for at in answer if at >= began)
    counted = windows(times)
    assert len(counted) > 100
    assert min(counted) >= 195 * WINDOW, (min(counted), max(counted))
    assert max(counted) <= 205 * WINDOW, (min(counted), max(counted))
