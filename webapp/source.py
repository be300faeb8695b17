"""Whence a request comes, as far as guessing is concerned."""

import ipaddress

UNKNOWN = "unknown"
_IPV6_PREFIX = 64  # what one customer gets; whoever has it has 2^64 addresses


def source_of(address: str | None) -> str:
    """The source that wrong tries are counted by: an IPv4 address, or the /64 network of an IPv6 address."""
    try:
        found = parsed(address or "")
    except ValueError:
        return UNKNOWN
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((found, _IPV6_PREFIX), strict=False))
    return str(found)


def parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address without its brackets and zone; IPv4 inside IPv6 is IPv4. Raises ValueError."""
    bare = address.strip().removeprefix("[").partition("]")[0].partition("%")[0]
    found = ipaddress.ip_address(bare)
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found
