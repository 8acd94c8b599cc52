"""Signed tokens: who a request acts as, and links that may be used for one purpose alone (JWT, RFC 7519, HS256).

The header's `kid` names the key, so that tokens outlive a change of SECRET_KEY. Links of which every message has one
are shorter and twenty times cheaper: bytes with their MAC (RFC 2104).
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

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jws import JWSRegistry

from app.errors import InvalidInput, NotSignedIn
from app.keyring import Key, key_by_id, keys, present_key
from models.member import Member
from models.session import Session

Audience = Literal["session", "api"]

MAX_TOKEN_CHARACTERS = 4_096
MAC_BYTES = 16
"""HMAC-SHA256 cut to 128 bits, the least that RFC 2104 section 5 advises."""

USE = "tokens"
_registry = JWSRegistry(algorithms=["HS256"])


@dataclass(frozen=True, kw_only=True)
class Claims:
    """What a valid access token says. Times are seconds since 1970."""

    subject: str
    session: str
    generation: int
    version: int
    audience: Audience
    issued_at: int
    expires_at: int


def issue_access(session: Session, member: Member, ttl: timedelta | float) -> str:
    """A token that acts as this member for `ttl` (seconds or a timedelta), unless the session ends before.

    One of a browser's session is good in the cookie only, one of a program's as bearer only.
    """
    moment = int(time())
    return _encode(
        {
            "sub": str(member.id),
            "sid": str(session.id),
            "gen": session.generation,
            "ver": member.token_version,
            "aud": audience_of(session),
            "iat": moment,
            "exp": moment + int(_seconds(ttl)),
        }
    )


def audience_of(session: Session) -> Audience:
    """Where the access tokens of this session are good."""
    return "session" if session.kind == "browser" else "api"


def read_access(token: str, *, audience: Audience = "api", or_over: bool = False) -> Claims:
    """The claims of a genuine, current token for this audience, with `or_over` also of one that has run out.

    Raises NotSignedIn.
    """
    claims = _decode(token, audience, or_over=or_over)
    try:
        return Claims(
            subject=str(claims["sub"]),
            session=str(claims["sid"]),
            generation=int(claims["gen"]),
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
        payload = _decode(token, f"link:{purpose}", is_link=True)["dat"]
    except (NotSignedIn, KeyError) as problem:
        raise InvalidInput.of("token", "is not a link of ours, or it has expired") from problem
    return dict(payload)


def short_links(purpose: str) -> Callable[[bytes], str]:
    """What signs payloads for `purpose` alone, with the key of this moment; such a link never expires. 2 us each."""
    return _short_links(purpose, present_key())


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
    if not any(hmac.compare_digest(_short_links(purpose, key)(payload), token) for key in keys()):
        raise refused
    return payload


def _short_links(purpose: str, key: Key) -> Callable[[bytes], str]:
    # No JWT has a NUL in what it signs, so neither kind of token can pass for the other.
    begun = hmac.new(key.secret, b"cohort link\0" + purpose.encode() + b"\0", "sha256")

    def sign(payload: bytes) -> str:
        # A copy of what is common to all: OpenSSL takes three times as long to begin anew.
        own = begun.copy()
        own.update(payload)
        return urlsafe_b64encode(payload + own.digest()[:MAC_BYTES]).rstrip(b"=").decode("ascii")

    return sign


def _seconds(ttl: timedelta | float) -> float:
    return ttl.total_seconds() if isinstance(ttl, timedelta) else ttl


@lru_cache(maxsize=16)
def _jwk(secret: bytes) -> OctKey:
    return OctKey.import_key(secret)


def _encode(claims: dict[str, Any]) -> str:
    key = present_key()
    header = {"alg": "HS256", "typ": "JWT", "kid": key.id}
    return jwt.encode(header, claims, _jwk(key.derived(USE)), registry=_registry)


def _decode(token: str, audience: str, *, is_link: bool = False, or_over: bool = False) -> dict[str, Any]:
    refused = NotSignedIn("The sign-in is not valid any more; please sign in again.")
    if len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
        raise refused
    claims = _claims(token, nameless=is_link)
    if claims is None:
        raise refused
    expires = claims.get("exp")
    if expires is None and not is_link:
        raise refused
    if expires is not None and (not isinstance(expires, int) or (expires <= time() and not or_over)):
        raise refused
    if claims.get("aud") != audience:
        raise refused
    return claims


def _claims(token: str, *, nameless: bool) -> dict[str, Any] | None:
    """What the token says if the key that its header names has signed it; None otherwise.

    Links once named no key and were signed with SECRET_KEY itself; a mail may be opened years after it was sent.
    """
    try:
        header = jws.extract_compact(token.encode(), registry=_registry).headers()
        if "kid" in header:
            named = key_by_id(header["kid"])
            candidates = [named.derived(USE)] if named else []
        else:
            candidates = [key.secret for key in keys()] if nameless else []
        for candidate in candidates:
            try:
                return dict(jwt.decode(token, _jwk(candidate), registry=_registry).claims)
            except JoseError:
                continue
    except (JoseError, ValueError, TypeError, AttributeError, KeyError):
        return None
    return None
