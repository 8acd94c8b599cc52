"""`make chaos`: a campaign of 20,000 through ten kills, an emptied Valkey and at times a MongoDB that does not answer
for half a minute, for each seed; one line a seed, exit code 1 when one failed.

python -m tests.chaos [--people 20000] [--kills 10] [--seeds 1-8] [--policy unknown|resend|both] [--keep]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.chaos.accidents import plan, with_absences
from tests.chaos.ordeal import Verdict, go_through

LATENCIES = (0.01, 0.02, 0.03)
"""Seconds a mail takes at the server: 20,000 are then 12 to 40 s of sending, so that every kill finds it under way."""


def main() -> int:
    """Run all seeds; the number of those that failed, at most 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seeds", default="1-6", help="numbers and ranges, such as 1-6 or 3,9,12-14")
    parser.add_argument("--policy", choices=("unknown", "resend", "both"), default="both")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="keep the folders also of what went well")
    options = parser.parse_args()
    # Ended from outside it still ends what it started, also a server that is frozen just then.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    failed: list[int] = []
    for seed in seeds_of(options.seeds):
        policy = options.policy if options.policy != "both" else ("unknown", "unknown", "resend")[seed % 3]
        folder = Path(tempfile.mkdtemp(prefix=f"cohort-chaos-{seed}-"))
        try:
            verdict = asyncio.run(_one(seed, folder, policy, options))
        except Exception as problem:  # a seed that breaks the harness fails; the others go on
            print(f"seed {seed} ({policy}): FAILED; {type(problem).__name__}: {problem}", flush=True)
            failed.append(seed)
        else:
            print(verdict.line(), flush=True)
            for line in (*verdict.story(), *verdict.faults) if verdict.faults or options.keep else ():
                print(f"    {line}", flush=True)
            if verdict.faults:
                failed.append(seed)
        if seed in failed or options.keep:
            print(f"    its logs: {folder}", flush=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if failed:
        again = ",".join(map(str, failed))
        print(
            f"Failed: {len(failed)}. To repeat: make chaos SEEDS={again} PEOPLE={options.people} KILLS={options.kills}"
        )
    else:
        print("Everything added up.")
    return 1 if failed else 0


def seeds_of(text: str) -> list[int]:
    """1-3,7 is 1, 2, 3 and 7."""
    found: list[int] = []
    for part in text.replace(",", " ").split():
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


async def _one(seed: int, folder: Path, policy: str, options: argparse.Namespace) -> Verdict:
    return await go_through(
        folder,
        with_absences(plan(seed, options.people, options.kills), seed, options.people),
        seed=seed,
        people=options.people,
        policy=policy,
        workers=options.workers,
        latency=random.Random(seed).choice(LATENCIES),
    )


if __name__ == "__main__":
    sys.exit(main())
