"""Numbers as statistical tables write them: 207.33, 207,33, 2 115,75, 635.911."""

import math
import re
from collections.abc import Sequence

_SPACES = re.compile(r"[\s\u00a0\u202f']")
_NUMBER = re.compile(r"-?\d+([.,]\d+)*")
_GROUPS = re.compile(r"-?\d{1,3}([.,]\d{3})+")


def read_column(cells: Sequence[object]) -> list[float | None]:
    """The numbers of one column; None where a cell is empty or no number.

    Whether "1.234" is a thousand or a little more than one shows only beside the others: a mark that anywhere
    in the column stands before other than three digits is the decimal mark of the whole column.
    """
    texts = [None if isinstance(cell, int | float) else _SPACES.sub("", str(cell or "")) for cell in cells]
    decimals = {mark for text in texts if text and (mark := _decimal_mark(text))}
    mark = decimals.pop() if len(decimals) == 1 else ""
    return [
        _finite(float(cell)) if isinstance(cell, int | float) else _number(text or "", mark)
        for cell, text in zip(cells, texts, strict=True)
    ]


def _decimal_mark(text: str) -> str:
    """The mark that can only be a decimal one; empty where none stands there or it may group thousands."""
    marks = re.findall(r"[.,]", text)
    grouped = _GROUPS.fullmatch(text) and len(set(marks)) == 1
    return marks[-1] if marks and _NUMBER.fullmatch(text) and not grouped else ""


def _number(text: str, mark: str) -> float | None:
    if not _NUMBER.fullmatch(text):
        return None
    whole = text.replace({",": ".", ".": ","}.get(mark, "."), "") if mark else re.sub(r"[.,]", "", text)
    try:
        return float(whole.replace(",", "."))
    except ValueError:
        return None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
