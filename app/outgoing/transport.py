"""HTTP connections that go where `app.outgoing.places` says: each name is looked up once, judged, and dialled as found.

The check and the connection use the same addresses, so a name that changes its mind between the two (DNS rebinding)
gains nothing. TLS still asks for the name. Proxies of the environment are not used.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from functools import cache
from typing import Any

import httpcore
import httpcore2
import httpx
import httpx2

from app.outgoing.places import Refused, addresses_of


class _Guarded:
    """A network backend of httpcore (or httpcore2, its successor, which has the same interface)."""

    def __init__(self, core: Any) -> None:
        self._core = core
        self._inner = core.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Any:
        """A connection to the first of the host's addresses that takes one."""
        try:
            addresses = await addresses_of(host, port)
        except TimeoutError as problem:
            raise self._core.ConnectTimeout(f"the name {host} was not looked up in time") from problem
        except (Refused, OSError, UnicodeError) as problem:
            raise self._core.ConnectError(str(problem)) from problem
        for last, address in enumerate(addresses, start=1 - len(addresses)):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (self._core.ConnectError, self._core.ConnectTimeout):
                if last == 0:
                    raise
        raise AssertionError("there is always an address")

    async def connect_unix_socket(self, *_: Any, **__: Any) -> Any:
        """No setting names one."""
        raise self._core.ConnectError("unix sockets are not used")

    async def sleep(self, seconds: float) -> None:
        """Between two tries."""
        await self._inner.sleep(seconds)


class GuardedTransport(httpx.AsyncHTTPTransport):
    """For httpx, without the environment's proxies and certificates."""

    def __init__(self, limits: httpx.Limits) -> None:
        super().__init__(verify=_trust(), trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_trust(),
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=_Guarded(httpcore),  # type: ignore[arg-type]  # the interface, not the class, is asked for
        )


class GuardedTransport2(httpx2.AsyncHTTPTransport):
    """For httpx2, which Authlib uses."""

    def __init__(self) -> None:
        super().__init__(verify=_trust(), trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=_trust(),
            network_backend=_Guarded(httpcore2),  # type: ignore[arg-type]  # as above
        )


@cache
def _trust() -> ssl.SSLContext:
    """The certificates that httpx trusts; read once, because that takes longer than a request."""
    return httpx.create_ssl_context(trust_env=False)
