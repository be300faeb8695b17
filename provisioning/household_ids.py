"""The uuids of a household's parts: those the file gives, and those made for it, made once.

Made ones are written beside the file before anything is created: a second run after an interruption goes on
with the same household instead of creating another one.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from couch.errors import Fault
from couch.private_files import write_private
from provisioning.household_file import HouseholdFile, PartsFile


@dataclass(frozen=True, slots=True)
class HouseholdIds:
    """Uuids by the names in the file."""

    household: str
    devices: Mapping[str, str] = field(default_factory=dict)
    meters: Mapping[str, str] = field(default_factory=dict)
    pv_systems: Mapping[str, str] = field(default_factory=dict)


def complete_ids(
    file: PartsFile,
    known: HouseholdIds | None,
    new: Callable[[], str] = lambda: str(uuid.uuid4()),
    *,
    household: str | None = None,
) -> HouseholdIds:
    """An id for everything: the file's own, else the known one, else a new one.

    `household`: the one that the parts of the file come to; None: the file's own.
    """
    given = household or (file.household if isinstance(file, HouseholdFile) else None)

    def each(entries: Mapping[str, str | None], before: Mapping[str, str]) -> dict[str, str]:
        return {name: given or before.get(name) or new() for name, given in entries.items()}

    return HouseholdIds(
        household=given or (known.household if known else new()),
        devices=each({entry.name: entry.device for entry in file.devices}, known.devices if known else {}),
        meters=each({entry.name: entry.meter for entry in file.meters}, known.meters if known else {}),
        pv_systems=each(
            {entry.name: entry.pv_system for entry in file.pv_systems}, known.pv_systems if known else {}
        ),
    )


def ids_path(file: Path) -> Path:
    """Where the ids of the household in `file` are kept."""
    return file.with_name(f"{file.stem}.ids.json")


def kept_ids(file: Path) -> HouseholdIds | None:
    """The ids of an earlier run. Raises Fault when they are there and cannot be read."""
    path = ids_path(file)
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return HouseholdIds(stored["household"], stored["devices"], stored["meters"], stored["pv_systems"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise Fault(
            f"the ids in {path} cannot be read. Restore the file, or, if this household was never created, "
            "remove it."
        ) from err


def keep_ids(file: Path, ids: HouseholdIds) -> None:
    """Write them durably. Raises Fault when the folder cannot be written."""
    body = {
        "household": ids.household,
        "devices": dict(ids.devices),
        "meters": dict(ids.meters),
        "pv_systems": dict(ids.pv_systems),
    }
    write_private(ids_path(file), json.dumps(body, indent=2) + "\n")
