"""Content-Security-Policy (CSP, level 3): what a page may load, run, ask and be framed by. Everything else is refused.

One policy for each kind of answer. Pages that NiceGUI draws need 'unsafe-eval', because Vue makes its templates
there and NiceGUI runs what the server says by `eval`, and inline styles, because Quasar writes them; scripts in the
page need the nonce of that answer. The plain pages (sign-in, passwords, unsubscribe) run one script known by its hash.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable

from starlette.types import Scope

_NONCE = "csp_nonce"
_BLOCK = re.compile(r"<(script|style)(?:\s[^>]*)?>(.*?)</\1>", re.DOTALL)

NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""For whatever is no page: JSON, files, pictures."""

MESSAGE = (
    "sandbox; default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; font-src https: data:; "
    "media-src https:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""For a message in its frame: it may look like what its reader gets, and run, ask and lead to nothing."""

DOCS = (
    "default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def nonce_of(scope: Scope) -> str:
    """The nonce of this answer: 128 random bits, made when first asked for."""
    state = scope.setdefault("state", {})
    if _NONCE not in state:
        state[_NONCE] = secrets.token_urlsafe(16)
    return str(state[_NONCE])


def page_policy(scope: Scope) -> str:
    """For pages that NiceGUI draws."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'unsafe-eval' 'nonce-{nonce_of(scope)}'",
            "script-src-attr 'none'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "frame-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def plain_policy(page: str) -> str:
    """For a page of ours that is whole as it comes: its own scripts and styles by their hashes, nothing else inline."""
    blocks: dict[str, list[str]] = {"script": [], "style": []}
    for kind, content in _BLOCK.findall(page):
        blocks[kind].append(_hashed(content))
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {_sources(blocks['script'])}",
            f"style-src 'self' {' '.join(blocks['style'])}".rstrip(),
            "img-src 'self' data:",
            "font-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def docs_policy(page: str) -> str:
    """For the API's documentation, which Swagger UI draws."""
    scripts = [_hashed(content) for kind, content in _BLOCK.findall(page) if kind == "script" and content.strip()]
    return DOCS.format(scripts=" ".join(scripts))


def _sources(hashes: Iterable[str]) -> str:
    return " ".join(hashes) or "'none'"


def _hashed(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
