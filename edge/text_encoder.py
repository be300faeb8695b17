"""Writes text telegrams as an eBZ DD3 does, for the simulated meters."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextLine:
    """A register: value * 10**-decimals in `unit`, at least `digits` digits before the point."""

    code: str
    value: int
    decimals: int
    unit: str
    digits: int = 6


def encode_text_telegram(
    identification: str, number: str, lines: Sequence[TextLine], *, seconds: int
) -> bytes:
    """A telegram from `/` to `!`; `seconds` is the meter's seconds of operation."""
    rows = [
        f"/{identification}",
        "",
        f"1-0:0.0.0*255({number})",
        f"1-0:96.1.0*255({number})",
        *(f"{line.code}({_decimal(line)}*{line.unit})" for line in lines),
        f"0-0:96.8.0*255({seconds & 0xFFFF_FFFF:08X})",
        "!",
        "",
    ]
    return "\r\n".join(rows).encode("ascii")


def _decimal(line: TextLine) -> str:
    digits = f"{abs(line.value):0{line.digits + line.decimals}d}"
    whole, fraction = digits[: len(digits) - line.decimals], digits[len(digits) - line.decimals :]
    return ("-" if line.value < 0 else "") + whole + ("." + fraction if fraction else "")
