"""Secrets that have to be read again, encrypted at rest with a key made from SECRET_KEY.

Fernet: AES-128-CBC with HMAC-SHA256; the key comes from HKDF (RFC 5869), so that no two uses of SECRET_KEY share one.
"""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.errors import Unavailable
from app.settings import get_settings


def seal(plain: str) -> str:
    """`plain`, encrypted."""
    return _fernet(get_settings().signing_key()).encrypt(plain.encode()).decode("ascii")


def unseal(sealed: str) -> str:
    """What was sealed. Raises Unavailable when SECRET_KEY is not the one it was sealed with."""
    try:
        return _fernet(get_settings().signing_key()).decrypt(sealed.encode()).decode()
    except InvalidToken as problem:
        raise Unavailable("SECRET_KEY is not the one that this was encrypted with.") from problem


@lru_cache(maxsize=4)
def _fernet(secret: bytes) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"cohort sealed").derive(secret)
    return Fernet(base64.urlsafe_b64encode(key))
