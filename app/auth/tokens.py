"""Signed tokens: who a request acts as, and links that may be used for one purpose alone (JWT, RFC 7519, HS256).

Links of which every message has one are shorter and twenty times cheaper: bytes with their MAC (RFC 2104).
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from time import time
from typing import Any, Literal

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jws import JWSRegistry

from app.errors import InvalidInput, NotSignedIn
from app.settings import get_settings
from models.member import Member

Audience = Literal["session", "api"]

SESSION_SECONDS = 7 * 24 * 3600
BEARER_SECONDS = 3600
MAX_TOKEN_CHARACTERS = 4_096
MAC_BYTES = 16
"""HMAC-SHA256 cut to 128 bits, the least that RFC 2104 section 5 advises."""

_HEADER = {"alg": "HS256", "typ": "JWT"}
_registry = JWSRegistry(algorithms=["HS256"])


@dataclass(frozen=True, kw_only=True)
class Claims:
    """What a valid access token says. Times are seconds since 1970."""

    subject: str
    version: int
    audience: Audience
    issued_at: int
    expires_at: int


def issue_access(member: Member, ttl: timedelta | float, *, audience: Audience = "api") -> str:
    """A token that acts as this member for `ttl` (seconds or a timedelta), unless the member's token_version moves on.

    A `session` token is good in the cookie only, an `api` token as bearer only.
    """
    moment = int(time())
    return _encode(
        {
            "sub": str(member.id),
            "ver": member.token_version,
            "aud": audience,
            "iat": moment,
            "exp": moment + int(_seconds(ttl)),
        }
    )


def read_access(token: str, *, audience: Audience = "api") -> Claims:
    """The claims of a genuine, current token for this audience. Raises NotSignedIn."""
    claims = _decode(token, audience)
    try:
        return Claims(
            subject=str(claims["sub"]),
            version=int(claims["ver"]),
            audience=audience,
            issued_at=int(claims["iat"]),
            expires_at=int(claims["exp"]),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise NotSignedIn("The sign-in is not valid any more; please sign in again.") from problem


def sign_link(purpose: str, payload: Mapping[str, Any], ttl: timedelta | float | None) -> str:
    """A token that carries `payload` (JSON) and is good for `purpose` alone. `ttl` None: it never expires."""
    claims: dict[str, Any] = {"aud": f"link:{purpose}", "dat": dict(payload)}
    if ttl is not None:
        claims["exp"] = int(time() + _seconds(ttl))
    return _encode(claims)


def read_link(purpose: str, token: str) -> dict[str, Any]:
    """The payload of a genuine, current link of this purpose. Raises InvalidInput naming `token`."""
    try:
        payload = _decode(token, f"link:{purpose}", needs_expiry=False)["dat"]
    except (NotSignedIn, KeyError) as problem:
        raise InvalidInput.of("token", "is not a link of ours, or it has expired") from problem
    return dict(payload)


def short_links(purpose: str) -> Callable[[bytes], str]:
    """What signs payloads for `purpose` alone, with the key of this moment; such a link never expires. 2 us each."""
    # No JWT has a NUL in what it signs, so neither kind of token can pass for the other.
    begun = hmac.new(get_settings().signing_key(), b"cohort link\0" + purpose.encode() + b"\0", "sha256")

    def sign(payload: bytes) -> str:
        # A copy of what is common to all: OpenSSL takes three times as long to begin anew.
        own = begun.copy()
        own.update(payload)
        return urlsafe_b64encode(payload + own.digest()[:MAC_BYTES]).rstrip(b"=").decode("ascii")

    return sign


def read_short_link(purpose: str, token: str) -> bytes:
    """The payload of a genuine short link of this purpose. Raises InvalidInput naming `token`."""
    refused = InvalidInput.of("token", "is not a link of ours")
    if len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
        raise refused
    try:
        payload = urlsafe_b64decode(token + "=" * (-len(token) % 4))[:-MAC_BYTES]
    except ValueError as problem:
        raise refused from problem
    # Compared as text, which also refuses other spellings of the same bytes.
    if not hmac.compare_digest(short_links(purpose)(payload), token):
        raise refused
    return payload


def _seconds(ttl: timedelta | float) -> float:
    return ttl.total_seconds() if isinstance(ttl, timedelta) else ttl


@lru_cache(maxsize=4)
def _key_of(secret: bytes) -> OctKey:
    return OctKey.import_key(secret)


def _key() -> OctKey:
    return _key_of(get_settings().signing_key())


def _encode(claims: dict[str, Any]) -> str:
    return jwt.encode(_HEADER, claims, _key(), registry=_registry)


def _decode(token: str, audience: str, *, needs_expiry: bool = True) -> dict[str, Any]:
    refused = NotSignedIn("The sign-in is not valid any more; please sign in again.")
    if len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
        raise refused
    try:
        claims = jwt.decode(token, _key(), registry=_registry).claims
    except (JoseError, ValueError, TypeError, AttributeError, KeyError) as problem:
        raise refused from problem
    expires = claims.get("exp")
    if expires is None and needs_expiry:
        raise refused
    if expires is not None and (not isinstance(expires, int) or expires <= time()):
        raise refused
    if claims.get("aud") != audience:
        raise refused
    return dict(claims)
