"""An optical head on a serial port, over pyserial."""

import select
import termios
from typing import Literal

import serial

from edge.heads.head import HeadLost
from edge.heads.head_address import SerialAddress

_CHUNK = 4096  # bytes, the size of the kernel's buffer


class SerialHead:
    """SML meters speak 8N1, text meters 7E1. Raises HeadLost where the port cannot be opened."""

    def __init__(self, address: SerialAddress, protocol: Literal["sml", "text_d"]) -> None:
        self._path = address.path
        text = protocol == "text_d"
        try:
            self._port = serial.Serial(
                address.path,
                address.baud,
                bytesize=serial.SEVENBITS if text else serial.EIGHTBITS,
                parity=serial.PARITY_EVEN if text else serial.PARITY_NONE,
                stopbits=serial.STOPBITS_ONE,
                timeout=0,
                exclusive=True,
            )
            if text:
                self._check_parity()
        except (OSError, ValueError, termios.error) as err:
            raise HeadLost(f"{self._path} cannot be opened: {err}") from err

    def read(self, timeout_s: float) -> bytes:
        try:
            ready, _, _ = select.select([self._port.fileno()], [], [], max(0.0, timeout_s))
            return bytes(self._port.read(_CHUNK)) if ready else b""
        except (OSError, ValueError, TypeError, termios.error) as err:
            # TypeError, ValueError: the port was closed by another thread while this one waited
            raise HeadLost(f"{self._path} was lost: {err}") from err

    def flush(self) -> None:
        try:
            self._port.reset_input_buffer()
        except (OSError, termios.error) as err:
            raise HeadLost(f"{self._path} was lost: {err}") from err

    def close(self) -> None:
        self._port.close()

    def _check_parity(self) -> None:
        """Have the kernel put a zero for each byte of wrong parity; pyserial leaves the check off.

        Text telegrams have no other checksum. A zero makes its line match nothing.
        """
        attributes = termios.tcgetattr(self._port.fileno())
        attributes[0] |= termios.INPCK
        attributes[0] &= ~(termios.IGNPAR | termios.PARMRK)
        termios.tcsetattr(self._port.fileno(), termios.TCSANOW, attributes)
