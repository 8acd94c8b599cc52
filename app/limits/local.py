"""The same buckets in this process's memory: each process counts by itself while Redis does not answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.campaigns.pacing.script import moment_now

MOST_KEPT = 20_000

_levels: dict[str, tuple[float, float]] = {}


def take(*, buckets: Sequence[Mapping[str, Any]], want: int) -> dict[str, float]:
    """As the script does it: `wait`, `given` and `left`."""
    moment = moment_now()
    levels = [_level(bucket, moment) for bucket in buckets]
    short = [(1 - level) / bucket["per_second"] for bucket, level in zip(buckets, levels, strict=True) if level < 1]
    wait = max(short, default=0.0) if want > 0 else 0.0
    given = 0 if wait else min(want, int(levels[0]))
    left = float(buckets[0]["burst"])
    for bucket, level in zip(buckets, levels, strict=True):
        rest = min(bucket["burst"], level - (0 if wait else min(want, int(level))))
        _keep(bucket["key"], rest, moment)
        left = min(left, rest)
    return {"wait": wait, "given": given, "left": left}


def lend(*, key: str, per_second: float, burst: int, debt: int) -> dict[str, float]:
    """As the script does it: `wait`."""
    moment = moment_now()
    left = _level({"key": key, "per_second": per_second, "burst": burst}, moment)
    if left - 1 >= -debt:
        left -= 1
    _keep(key, left, moment)
    return {"wait": max(0.0, -left / per_second)}


def forget() -> None:
    """All buckets are full again."""
    _levels.clear()


def _level(bucket: Mapping[str, Any], moment: float) -> float:
    left, at = _levels.get(bucket["key"], (bucket["burst"], moment))
    return float(min(bucket["burst"], left + max(0.0, moment - at) * bucket["per_second"]))


def _keep(key: str, left: float, moment: float) -> None:
    if len(_levels) >= MOST_KEPT and key not in _levels:
        _levels.clear()
    _levels[key] = (left, moment)
