"""Secrets are taken out of every log line, whoever wrote it and however they got into it.

Two nets: the values of this process's secret settings, in each spelling a library may quote them, and what looks like
a credential anywhere (user and password in a URL, bearer tokens, API keys, signed tokens).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import quote, unquote, urlsplit

from pydantic import SecretStr

from app.settings import Settings, get_settings

REMOVED = "[secret]"
SHORTEST = 5
"""Shorter values would take words out of every line; they protect nothing either."""

_LOOKS_SECRET = re.compile(
    r"""(?P<url>[a-z][a-z0-9+.-]*://)[^\s/?\#"'\\]+@
    | (?P<scheme>\b(?:bearer|basic)\s+)[a-z0-9._~+/=-]{8,}
    | (?P<key>\bcohort_)[a-z0-9_-]{20,}
    | \beyJ[a-z0-9_-]{8,}\.[a-z0-9_-]{8,}\.[a-z0-9_-]{8,}
    | (?P<field>(?:\b|_)(?:token|password|passwd|secret|api_?key|access_token|client_secret)=)[^\s&"'\\]{4,}""",
    re.IGNORECASE | re.VERBOSE,
)


def redacted(text: str) -> str:
    """The text with every secret replaced."""
    known = _known(get_settings())
    if known is not None:
        text = known.sub(REMOVED, text)
    return _LOOKS_SECRET.sub(_without, text)


def secrets_of(settings: Settings) -> Iterator[str]:
    """Every secret value of the settings: those that are secret as a whole, and the passwords in URLs."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, str) and "://" in value:
            for url in value.split():
                yield from _in_url(url)
    path = settings.data_dir / "secret_key"
    if not settings.secret_key.get_secret_value() and path.exists():
        yield settings.signing_key().decode("utf-8", "replace")
    for former in settings.former_keys():
        yield former.decode("utf-8", "replace")


def _in_url(url: str) -> Iterator[str]:
    user, _, password = urlsplit(url).netloc.rpartition("@")[0].partition(":")
    yield from (password, unquote(password), user if not password else "")


_made: tuple[Settings, re.Pattern[str] | None] | None = None


def _known(settings: Settings) -> re.Pattern[str] | None:
    """One pattern for the secrets of these settings, the longest first; made once for the settings in force."""
    global _made
    if _made is None or _made[0] is not settings:
        spellings = {
            spelling
            for secret in secrets_of(settings)
            if len(secret) >= SHORTEST
            for spelling in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1], repr(secret)[1:-1])
        }
        ordered = sorted(spellings, key=len, reverse=True)
        _made = settings, re.compile("|".join(map(re.escape, ordered))) if ordered else None
    return _made[1]


def _without(found: re.Match[str]) -> str:
    kept = found["url"] or found["scheme"] or found["key"] or found["field"] or ""
    return f"{kept}{REMOVED}{'@' if found['url'] else ''}"
