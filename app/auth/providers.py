"""Who else may vouch for a member: Google, and any other OpenID Connect provider that the settings name.

Authlib does the protocol (OpenID Connect Core 1.0, code flow with PKCE, RFC 7636): it finds the provider by discovery,
binds the answer to this browser by `state`, the token to this sign-in by `nonce`, and checks signature and claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.integrations.starlette_client import OAuth, StarletteOAuth2App
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import RedirectResponse

from app.errors import CohortError, Unavailable
from app.outgoing.transport import GuardedTransport2
from app.settings import get_settings

SIGNED_BY_KEY_PAIR = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""Not `none`, and nothing that is signed with a secret: whatever a provider lists, its token is checked by its public
key.
"""

TIMEOUT_SECONDS = 10.0
NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
LEEWAY_SECONDS = 60
"""How far the provider's clock may be off."""


@dataclass(frozen=True)
class Provider:
    """One who vouches. `key` is part of the addresses, `name` is for people."""

    key: str
    name: str
    client_id: str
    client_secret: str
    discovery_url: str


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What a provider says of somebody: `subject` never changes, `email` may and is theirs only if `verified`."""

    provider: str
    issuer: str
    subject: str
    email: str
    verified: bool
    name: str


class NotVouched(CohortError):
    """The provider did not vouch for anybody, or not in a way that can be believed. `reason` is for the form."""

    status = 401
    slug = "not-vouched"
    title = "Sign-in refused"

    def __init__(self, detail: str, reason: str) -> None:
        super().__init__(detail)
        self.reason = reason


def providers() -> dict[str, Provider]:
    """The providers that the settings name, by key."""
    settings = get_settings()
    found = {}
    if settings.google_client_id:
        secret = settings.google_client_secret.get_secret_value()
        found["google"] = Provider("google", "Google", settings.google_client_id, secret, settings.google_discovery_url)
    if settings.oidc_client_id and settings.oidc_discovery_url:
        secret = settings.oidc_client_secret.get_secret_value()
        found["oidc"] = Provider(
            "oidc", settings.oidc_name, settings.oidc_client_id, secret, settings.oidc_discovery_url
        )
    return found


def return_address(provider: Provider, base: str) -> str:
    """Where the provider sends people back to; its console wants to know it."""
    return f"{base.rstrip('/')}/signin/{provider.key}/callback"


async def discover(provider: Provider) -> str:
    """Ask the provider for its discovery document now; answers the issuer it names. Raises Unavailable."""
    try:
        metadata = await _new_client(provider).load_server_metadata()
        missing = [name for name in NEEDED if not metadata.get(name)]
    except (httpx2.HTTPError, ValueError, RuntimeError) as problem:
        raise Unavailable(f"{provider.discovery_url} does not answer with a discovery document.") from problem
    if missing:
        raise Unavailable(f"{provider.discovery_url} does not name {missing[0]}.")
    return str(metadata["issuer"])


async def begin(provider: Provider, request: Request, redirect_uri: str) -> RedirectResponse:
    """Send the browser to the provider. What the answer has to match is left in `request.session`.

    Raises Unavailable when the provider does not answer.
    """
    try:
        client = _client(provider)
        await client.load_server_metadata()
        answer: RedirectResponse = await client.authorize_redirect(request, redirect_uri)
        return answer
    except (httpx2.HTTPError, ValueError, RuntimeError) as problem:
        raise Unavailable(
            f"{provider.name} does not answer now; try again, or sign in with your password."
        ) from problem


async def finish(provider: Provider, request: Request) -> Identity:
    """Whom the provider vouches for, from its answer in `request` and what `begin` left in `request.session`.

    Raises NotVouched when the person said no or anything does not match, Unavailable when the provider is away.
    """
    client = _client(provider)
    try:
        metadata = await client.load_server_metadata()
        _believe_only_key_pairs(metadata)
        options = {
            "iss": {"essential": True, "values": _issuers(metadata)},
            "aud": {"essential": True, "values": [provider.client_id]},
        }
        token = await client.authorize_access_token(request, claims_options=options, leeway=LEEWAY_SECONDS)
    except OAuthError as problem:
        if problem.error == "access_denied":
            raise NotVouched(f"You did not let {provider.name} sign you in.", "denied") from problem
        raise _refused(provider) from problem
    except (httpx2.HTTPError, RuntimeError) as problem:
        raise Unavailable(
            f"{provider.name} does not answer now; try again, or sign in with your password."
        ) from problem
    except (JoseError, ValueError, KeyError, TypeError) as problem:
        raise _refused(provider) from problem
    return _identity(provider, token.get("userinfo"))


def _identity(provider: Provider, claims: Mapping[str, Any] | None) -> Identity:
    if not claims or not isinstance(claims.get("sub"), str) or not isinstance(claims.get("iss"), str):
        raise _refused(provider)
    return Identity(
        provider=provider.key,
        issuer=claims["iss"],
        subject=claims["sub"],
        email=str(claims.get("email") or ""),
        # Some providers write the boolean as a string.
        verified=claims.get("email_verified") is True or claims.get("email_verified") == "true",
        name=str(claims.get("name") or "")[:100],
    )


def _refused(provider: Provider) -> NotVouched:
    return NotVouched(f"The answer of {provider.name} does not fit this sign-in; please start again.", "mismatch")


def _believe_only_key_pairs(metadata: dict[str, Any]) -> None:
    listed = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    metadata["id_token_signing_alg_values_supported"] = [one for one in listed if one in SIGNED_BY_KEY_PAIR] or [
        "RS256"
    ]


def _issuers(metadata: Mapping[str, Any]) -> list[str]:
    """The provider's name for itself; Google's tokens may leave the scheme out (its OpenID Connect guide)."""
    issuer = str(metadata.get("issuer") or "")
    return [issuer, "accounts.google.com"] if issuer == "https://accounts.google.com" else [issuer]


class _GuardedClient(AsyncOAuth2Client):  # type: ignore[misc]  # Authlib has no types
    """Asks the addresses that a discovery document names only where `app.outgoing` lets it. Follows no redirects."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "transport": GuardedTransport2(), "trust_env": False})


class _GuardedApp(StarletteOAuth2App):  # type: ignore[misc]  # as above
    client_cls = _GuardedClient


@lru_cache(maxsize=8)
def _client(provider: Provider) -> StarletteOAuth2App:
    """Kept, with what discovery said and the keys; an unknown key id makes Authlib read the keys again."""
    return _new_client(provider)


def _new_client(provider: Provider) -> StarletteOAuth2App:
    registry = OAuth()
    registry.register(
        provider.key,
        client_cls=_GuardedApp,
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        server_metadata_url=provider.discovery_url,
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "timeout": TIMEOUT_SECONDS,
        },
    )
    return registry.create_client(provider.key)
