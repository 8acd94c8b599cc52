"""The signature of a vendor's callback: HMAC-SHA256 over the time and the body as they came (RFC 2104)."""

from __future__ import annotations

import hashlib
import hmac
import re
import time

from app.errors import NotSignedIn
from app.keyring import keys
from app.settings import get_settings

HEADER = "X-Cohort-Signature"
TOLERANCE_SECONDS = 300
"""How far a callback's time may be from ours: what is caught on the way cannot be played again later."""

MOST_SIGNATURES = 4

_FIELD = re.compile(r"(t|v1)=([0-9a-f]{1,64})")


def receipts_secret() -> str:
    """RECEIPTS_SECRET, or one that follows from SECRET_KEY and stays as long as that."""
    return _secrets()[0]


def sign(body: bytes, *, at: int | None = None) -> str:
    """The header's value for this body, `at` seconds since 1970 or now."""
    moment = int(time.time()) if at is None else at
    return f"t={moment},v1={_digest(moment, body, receipts_secret())}"


def read_header(header: str) -> tuple[int, list[str]]:
    """The time and the signatures of a header, `t=<seconds>,v1=<hex>`; `v1` may come several times, for a change of
    secrets. Raises NotSignedIn for another form, or a time more than five minutes from now.
    """
    moment: int | None = None
    signatures: list[str] = []
    parts = header.split(",", MOST_SIGNATURES + 1)
    if len(parts) > MOST_SIGNATURES + 1:
        raise _malformed()
    for part in parts:
        found = _FIELD.fullmatch(part.strip())
        if found is None:
            raise _malformed()
        name, value = found.groups()
        if name == "v1":
            signatures.append(value)
        elif moment is None and value.isdigit() and len(value) < 13:
            moment = int(value)
        else:
            raise _malformed()
    if moment is None or not signatures:
        raise _malformed()
    if abs(time.time() - moment) > TOLERANCE_SECONDS:
        raise NotSignedIn(f"{HEADER}: its time is more than {TOLERANCE_SECONDS // 60} minutes from ours.")
    return moment, signatures


def check_body(body: bytes, moment: int, signatures: list[str]) -> None:
    """Raise NotSignedIn unless one of the signatures fits the body, compared in constant time."""
    expected = [_digest(moment, body, secret) for secret in _secrets()]
    if not any(hmac.compare_digest(one, signature) for one in expected for signature in signatures):
        raise NotSignedIn(f"{HEADER}: the signature does not fit the body; sign the bytes as they are sent.")


def _secrets() -> list[str]:
    """The present one first, then those that followed from former keys: vendors go on signing with what they know."""
    given = get_settings().receipts_secret.get_secret_value()
    if given:
        return [given]
    return [hmac.new(key.secret, b"cohort receipts", hashlib.sha256).hexdigest() for key in keys()]


def _digest(moment: int, body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest()


def _malformed() -> NotSignedIn:
    return NotSignedIn(f"{HEADER}: should read t=<seconds since 1970>,v1=<hexadecimal HMAC-SHA256 of t.body>.")
