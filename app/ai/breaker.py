"""Leaves a provider alone that keeps failing, so that nobody waits for its timeout again and again."""

from __future__ import annotations

import time
from dataclasses import dataclass

FAILURES = 3
"""In a row, before it is left alone."""
FIRST_REST = 30.0
LONGEST_REST = 300.0
"""Seconds; each failed trial doubles the rest."""

MOST_KNOWN = 100

_known: dict[object, _State] = {}


@dataclass
class _State:
    failures: int = 0
    until: float = 0.0
    rest: float = FIRST_REST
    trying: bool = False
    words: str = ""


def resting(provider: object) -> str | None:
    """What to say while this provider is left alone, None when it may be asked.

    `provider` is any key that names it with its settings. After its rest one request is let through as a trial, the
    others still go without; kept in memory, because the one web process asks.
    """
    state = _known.get(provider)
    if state is None or state.failures < FAILURES:
        return None
    left = state.until - time.monotonic()
    if left <= 0 and not state.trying:
        state.trying = True
        return None
    return f"{state.words} After {state.failures} failures in a row it is left alone for {max(1, round(left))} seconds."


def failed(provider: object, words: str) -> None:
    """Note a failure that is the provider's; `words` say which."""
    if len(_known) > MOST_KNOWN:
        _known.clear()
    state = _known.setdefault(provider, _State())
    state.failures += 1
    state.words = words
    if state.failures >= FAILURES:
        state.until = time.monotonic() + state.rest
        state.rest = min(state.rest * 2, LONGEST_REST)
    state.trying = False


def answered(provider: object) -> None:
    """Note an answer: the provider works."""
    _known.pop(provider, None)


def released(provider: object) -> None:
    """A trial ended without a verdict, for instance because the person left."""
    if provider in _known:
        _known[provider].trying = False
