"""The keys of this workspace: the present one signs, those before it still verify.

Each use has a key of its own, made from SECRET_KEY by HKDF-SHA256 (RFC 5869), so that nothing signed for one passes for
another. A key's id follows from it in the same way and tells nothing about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.settings import get_settings

ID_BYTES = 8


@dataclass(frozen=True)
class Key:
    """One SECRET_KEY, present or former."""

    secret: bytes

    @cached_property
    def id(self) -> str:
        """What a token's header names it by (`kid`, RFC 7515, section 4.1.4)."""
        return self.derived("key id")[:ID_BYTES].hex()

    def derived(self, use: str) -> bytes:
        """32 bytes for this use alone."""
        return _derived(self.secret, use)


def keys() -> tuple[Key, ...]:
    """The present key first, then the former ones, the newest first."""
    settings = get_settings()
    return _keys(settings.signing_key(), settings.former_keys())


def present_key() -> Key:
    """The one that signs."""
    return keys()[0]


def key_by_id(id: object) -> Key | None:
    """The key, present or former, with this id."""
    return next((key for key in keys() if key.id == id), None)


@lru_cache(maxsize=8)
def _keys(present: bytes, former: tuple[bytes, ...]) -> tuple[Key, ...]:
    return tuple(Key(secret) for secret in dict.fromkeys((present, *former)))


@lru_cache(maxsize=256)
def _derived(secret: bytes, use: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"cohort {use}".encode()).derive(secret)
