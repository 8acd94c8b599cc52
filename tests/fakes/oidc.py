"""An OpenID Connect provider on loopback: discovery, consent, codes with PKCE, tokens signed by its own keys.

`faults` make it lie, one thing at a time. Everybody who arrives is the person of `claims` and consents.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT_ID = "cohort-client"
CLIENT_SECRET = "cohort-client-secret"


@dataclass
class FakeProvider:
    """Set the discovery URL to `discovery_url`. `faults` is any of the names that `_token` and `_claims` look for."""

    claims: dict[str, Any] = field(
        default_factory=lambda: {
            "sub": "1001",
            "email": "ann@example.com",
            "email_verified": True,
            "name": "Ann Lee",
        }
    )
    faults: set[str] = field(default_factory=set)
    exchanged: int = 0

    def __post_init__(self) -> None:
        self.key = RSAKey.generate_key(2048, parameters={"kid": "one", "use": "sig", "alg": "RS256"})
        self._stranger = RSAKey.generate_key(2048, parameters={"kid": "one"})
        self._codes: dict[str, dict[str, str]] = {}

    def rotate(self) -> None:
        """A new key under a new id; the old one is gone."""
        self.key = RSAKey.generate_key(2048, parameters={"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})

    @property
    def origin(self) -> str:
        """Scheme, host and port; the issuer."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def discovery_url(self) -> str:
        """The address to configure."""
        return f"{self.origin}/.well-known/openid-configuration"

    def __enter__(self) -> Self:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                fake._route(self, "GET")

            def do_POST(self) -> None:
                fake._route(self, "POST")

            def log_message(self, *_: object) -> None:
                """Keep the test output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)

    def _route(self, handler: BaseHTTPRequestHandler, method: str) -> None:
        parts = urlsplit(handler.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        length = int(handler.headers.get("Content-Length") or 0)
        form = {name: values[-1] for name, values in parse_qs(handler.rfile.read(length).decode()).items()}
        if "away" in self.faults:
            _answer(handler, 503, {"error": "temporarily_unavailable"})
        elif parts.path == "/.well-known/openid-configuration":
            _answer(handler, 200, self._discovery())
        elif parts.path == "/authorize":
            self._authorize(handler, query)
        elif parts.path == "/token" and method == "POST":
            _answer(handler, *self._token(handler, form))
        elif parts.path == "/jwks":
            _answer(handler, 200, KeySet([self.key]).as_dict(private=False))
        else:
            _answer(handler, 404, {"error": "not_found"})

    def _discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.origin,
            "authorization_endpoint": f"{self.origin}/authorize",
            "token_endpoint": f"{self.origin}/token",
            "jwks_uri": f"{self.origin}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "code_challenge_methods_supported": ["S256"],
        }

    def _authorize(self, handler: BaseHTTPRequestHandler, query: dict[str, str]) -> None:
        wanted = {"client_id", "redirect_uri", "state", "nonce", "code_challenge", "scope"}
        if not wanted <= query.keys() or query.get("code_challenge_method") != "S256":
            _answer(handler, 400, {"error": "invalid_request"})
            return
        answer = {"state": query["state"]}
        if "says no" in self.faults:
            answer["error"] = "access_denied"
        else:
            answer["code"] = secrets.token_urlsafe(16)
            self._codes[answer["code"]] = query
        handler.send_response(302)
        handler.send_header("Location", f"{query['redirect_uri']}?{urlencode(answer)}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def _token(self, handler: BaseHTTPRequestHandler, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self._codes.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        good = asked is not None and challenge == asked["code_challenge"]
        if not good or form.get("redirect_uri") != asked["redirect_uri"] or not _client_is_right(handler):
            return 400, {"error": "invalid_grant"}
        self.exchanged += 1
        answer = {"access_token": secrets.token_urlsafe(8), "token_type": "Bearer", "expires_in": 3600}
        if "no id token" not in self.faults:
            answer["id_token"] = self._sign(self._claims(asked["nonce"]))
        return 200, answer

    def _claims(self, nonce: str) -> dict[str, Any]:
        moment = int(time.time())
        claims = {
            **self.claims,
            "iss": self.origin,
            "aud": CLIENT_ID,
            "iat": moment,
            "exp": moment + 300,
            "nonce": nonce,
        }
        lies: dict[str, Callable[[], dict[str, Any]]] = {
            "wrong nonce": lambda: {"nonce": "another"},
            "wrong audience": lambda: {"aud": "another-client"},
            "wrong issuer": lambda: {"iss": "https://accounts.example.org"},
            "expired": lambda: {"iat": moment - 7200, "exp": moment - 3600},
        }
        for name, lie in lies.items():
            if name in self.faults:
                claims |= lie()
        if "no nonce" in self.faults:
            del claims["nonce"]
        return claims

    def _sign(self, claims: dict[str, Any]) -> str:
        if "alg none" in self.faults:
            return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}."
        if "alg secret" in self.faults:
            return _signed_with_public_key(claims, self.key.as_pem(private=False))
        key = self._stranger if "wrong key" in self.faults else self.key
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


def _client_is_right(handler: BaseHTTPRequestHandler) -> bool:
    scheme, _, value = handler.headers.get("Authorization", "").partition(" ")
    given = base64.b64decode(value).decode() if scheme == "Basic" else ""
    return unquote(given) == f"{CLIENT_ID}:{CLIENT_SECRET}"


def _signed_with_public_key(claims: dict[str, Any], public: bytes) -> str:
    """What a client accepts that lets the token choose how it is checked: the public key taken for a shared secret."""
    unsigned = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    signature = hmac.new(public, unsigned.encode(), hashlib.sha256).digest()
    return f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def _answer(handler: BaseHTTPRequestHandler, status: int, content: dict[str, Any]) -> None:
    raw = json.dumps(content).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(raw)))
    handler.end_headers()
    handler.wfile.write(raw)
