"""Which network addresses are of the public internet (IANA special-purpose registries, RFC 6890, RFC 8190)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_CLOSED = tuple(
    ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16"),
        *("fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
)
"""Nobody out there, or somebody in here: this host, private networks, links, carriers, metadata services, groups."""

_NAT64 = ip_network("64:ff9b::/96")
_SIX_TO_FOUR = ip_network("2002::/16")


def is_public(text: str) -> bool:
    """Whether an address is one of the public internet. An IPv4 address inside of an IPv6 one is judged itself.

    Raises ValueError for what is no address.
    """
    address = ip_address(text.partition("%")[0])
    inner = _inside(address)
    if inner is not None:
        return is_public(str(inner))
    return not any(address.version == network.version and address in network for network in _CLOSED)


def _inside(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """What a translator or tunnel would send on: mapped (RFC 4291), NAT64 (RFC 6052), 6to4 (RFC 3056)."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _SIX_TO_FOUR:
        return address.sixtofour
    return None
