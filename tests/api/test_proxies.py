"""From where a request comes, behind a proxy and without one: a header is believed from a trusted proxy alone."""

from __future__ import annotations

import pytest

from app.errors import SettingsError
from app.main import uvicorn_config
from app.settings import read_settings


async def seen_address(trusted: str, peer: str, forwarded: str | None) -> str:
    """The client's address as the application sees it, through uvicorn's own middleware."""
    seen: list[str] = []

    async def app(scope, receive, send) -> None:
        seen.append(scope["client"][0])

    config = uvicorn_config(read_settings(_env_file=None, trusted_proxies=trusted), app)
    config.load()
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    await config.loaded_app({"type": "http", "client": (peer, 1), "headers": headers, "scheme": "http"}, None, None)
    return seen[0]


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "seen"),
    [
        ("", "127.0.0.1", "203.0.113.9", "127.0.0.1"),
        ("", "198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("127.0.0.1", "127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.0/8, 127.0.0.1", "10.1.2.3", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.0/8", "198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("10.0.0.0/8", "10.1.2.3", "6.6.6.6, 203.0.113.9, 10.9.9.9", "203.0.113.9"),
        ("10.0.0.0/8", "10.1.2.3", None, "10.1.2.3"),
    ],
)
async def test_the_nearest_address_that_is_no_trusted_proxy(trusted, peer, forwarded, seen):
    assert await seen_address(trusted, peer, forwarded) == seen


def test_what_is_no_network_stops_the_start():
    with pytest.raises(SettingsError, match="TRUSTED_PROXIES: should be addresses or networks"):
        read_settings(_env_file=None, trusted_proxies="10.0.0.0/8, proxy.local")
