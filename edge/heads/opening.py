"""From a head's address to the open head; what a kind of head needs is loaded only where one is used."""

from typing import Literal

from couch.clock import Clock
from edge.heads.head import Head
from edge.heads.head_address import HeadAddress, ReplayAddress, SerialAddress


def open_head(address: HeadAddress, protocol: Literal["sml", "text_d"], clock: Clock) -> Head:
    """Raises HeadLost where there is no such port or file."""
    if isinstance(address, SerialAddress):
        from edge.heads.serial_head import SerialHead  # noqa: PLC0415

        return SerialHead(address, protocol)
    if isinstance(address, ReplayAddress):
        from edge.heads.replay_head import ReplayHead  # noqa: PLC0415

        return ReplayHead(address, clock)
    from edge.heads.sim_head import SimHead  # noqa: PLC0415

    return SimHead(address, protocol, clock)
