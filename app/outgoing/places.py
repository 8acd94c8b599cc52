"""Where a request may be sent to, by the host its address names.

An address in digits, or `localhost`, is what somebody meant who wrote it into a setting, private or not. A name is only
as good as what it leads to at the moment: private addresses are refused unless OUTGOING_PRIVATE_HOSTS lists the name.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address

from app.outgoing.addresses import is_public
from app.settings import get_settings

LOOK_UP_SECONDS = 5.0


class Refused(Exception):
    """The name leads to where nothing is sent; the message is a clause that says why."""


async def addresses_of(host: str, port: int) -> list[str]:
    """The addresses to connect to, as the name stands now; connecting to them and to nothing else is up to the caller.

    Raises Refused, and OSError or TimeoutError when the name cannot be looked up.
    """
    host = host.strip("[]").rstrip(".").lower()
    if is_digits(host):
        return [host]
    async with asyncio.timeout(LOOK_UP_SECONDS):
        found = await look_up(host, port)
    if host == "localhost":
        kept = [address for address in found if ip_address(address.partition("%")[0]).is_loopback]
    elif host in private_hosts():
        kept = found
    else:
        kept = [address for address in found if is_public(address)]
    if not kept:
        raise Refused(
            f"{host} leads to {found[0] if found else 'nowhere'}, which is a private address; nothing is sent there "
            "unless OUTGOING_PRIVATE_HOSTS lists the name"
        )
    return kept


async def look_up(host: str, port: int) -> list[str]:
    """The addresses of a name, in the system's order, each once."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_digits(host: str) -> bool:
    """Whether this is an address as it is, not a name to look up."""
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def private_hosts() -> frozenset[str]:
    """The names that may lead to private addresses."""
    return frozenset(get_settings().outgoing_private_hosts.split(",")) - {""}
