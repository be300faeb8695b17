"""What is kept of a month, on disk: which files, of which version of the month's database.

The state is written after its files are durable, and deleted before them: files without it count for nothing.
"""

import os
from datetime import datetime
from pathlib import Path

import msgspec

from couch.durable import sync_to_disk
from couch.month_versions import MonthVersion
from webapp.analyst.export_state import write_durably

STATE = "state.json"


class KeptState(msgspec.Struct, frozen=True, kw_only=True):
    """`columns`: the version of the tables; `households`: the pseudonyms in the files, sorted."""

    version: MonthVersion
    columns: int
    measurements: str
    measurements_bytes: int
    rows: int
    gaps: str
    gaps_bytes: int
    households: tuple[str, ...]


def month_name(month: datetime) -> str:
    """`2026-01`."""
    return f"{month:%Y-%m}"


def read_kept(folder: Path, columns: int) -> KeptState | None:
    """The state of a month's folder; None where there is none, or its files are not what it says."""
    try:
        state = msgspec.json.decode((folder / STATE).read_bytes(), type=KeptState)
        sizes = [(folder / name).stat().st_size for name in (state.measurements, state.gaps)]
    except (OSError, msgspec.DecodeError):
        return None
    whole = sizes == [state.measurements_bytes, state.gaps_bytes]
    return state if whole and state.columns == columns else None


def write_kept(folder: Path, state: KeptState) -> None:
    """Durably, in one step."""
    write_durably(folder / STATE, msgspec.json.encode(state))


def delete_kept(folder: Path, but: frozenset[str] = frozenset()) -> bool:
    """Delete what is kept of a month, its state first; False: nothing was there. `but`: names that stay."""
    found = False
    try:
        names = sorted(os.listdir(folder), key=lambda name: name != STATE)
    except FileNotFoundError:
        return False
    for name in names:
        if name not in but:
            (folder / name).unlink(missing_ok=True)
            found = True
    if not but:
        try:
            folder.rmdir()
        except OSError:
            return found  # somebody is building it anew
    if found and folder.exists():
        sync_to_disk(folder)
    return found
