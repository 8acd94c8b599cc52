"""The address the web server listens on: whether it is free, and whether it answers."""

from __future__ import annotations

import asyncio
import errno
import socket

from app.errors import Conflict, SettingsError
from app.settings import Settings


def free_address(settings: Settings) -> Settings:
    """The settings, with the port taken from the system where PORT is 0.

    Raises SettingsError naming HOST or PORT when they cannot be listened on, Conflict when the port is taken.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError:
        raise SettingsError(f"HOST: {settings.host!r} is not an address of this machine") from None
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                raise Conflict(
                    f"PORT: {settings.port} is already taken on {settings.host}; name a free one, e.g. PORT=8081"
                ) from None
            if problem.errno in (errno.EACCES, errno.EPERM):
                raise SettingsError(f"PORT: {settings.port} needs more rights; name one above 1023") from None
            raise SettingsError(f"HOST: cannot listen on {settings.host!r}: {problem.strerror}") from None
        return settings.model_copy(update={"port": int(probe.getsockname()[1])})


async def answers(settings: Settings, path: str, seconds: float = 2.0) -> bool:
    """Whether the web server of these settings answers `GET path` with 200. Plain sockets: this runs from the start."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(settings.host, settings.host)
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(host, settings.port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                status = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return status.split()[1:2] == [b"200"]


async def until_answers(settings: Settings, path: str) -> None:
    """Return as soon as it answers."""
    while not await answers(settings, path):  # noqa: ASYNC110  # another process is waited for, it sets no event here
        await asyncio.sleep(0.05)
