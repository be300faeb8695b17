"""Which addresses count as the home network: what routers give out at home, and the machine itself.

Python's `is_private` would also take documentation and reserved ranges.
"""

import ipaddress
from collections.abc import Iterable, Sequence

from couch.errors import Fault
from webapp.source import parsed

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

HOME_NETWORKS = (
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
)


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """The networks that are written so. Raises Fault that names each that is none."""
    found, faults = [], []
    for text in texts:
        try:
            found.append(ipaddress.ip_network(text))
        except ValueError as err:
            faults.append(f"{text!r} ({err})")
    if faults:
        raise Fault(
            f"`home_networks` holds what is no network: {'; '.join(faults)}. Write them as 192.168.0.0/16."
        )
    return tuple(found)


def within(address: str | None, allowed: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks; what is no address lies in none."""
    try:
        found = parsed(address or "")
    except ValueError:
        return False
    return any(found in network for network in allowed if network.version == found.version)
