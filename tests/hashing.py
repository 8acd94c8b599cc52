"""Cheap password hashes for tests that are about something else: the real ones cost a tenth of a second each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from passlib.context import CryptContext

from app.auth import passwords


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same schemes at their lowest cost."""
    context = CryptContext(
        schemes=["argon2", "bcrypt"], deprecated=["bcrypt"], argon2__memory_cost=64, argon2__rounds=1
    )
    monkeypatch.setattr(passwords, "_context", context)
    passwords._decoy.cache_clear()
    yield
    passwords._decoy.cache_clear()
