"""The whole way of an import: files in, one stored file out, or every fault and nothing changed."""

import hashlib
from datetime import date
from pathlib import Path

from anonymizer.geodata.density_table import read_densities
from anonymizer.geodata.features import Feature, GeodataFault
from anonymizer.geodata.importing import read_features, regions_of
from anonymizer.geodata.postal_codes import (
    PostalPlace,
    PostalProvenance,
    read_postal_codes,
    store_postal_codes,
)
from anonymizer.geodata.store import Geodata, Provenance, store_geodata


def bring_geodata(
    file: Path,
    table: Path | None,
    target: Path,
    *,
    country: str,
    source: str | None,
    as_of: str,
    licence: str,
    today: date,
) -> tuple[Geodata, dict[str, object]]:
    """Import `file`, with the densities in `table`, into `target`; also what was passed over or repaired.

    Raises GeodataFault, which names every fault of both files.
    """
    faults: list[str] = []
    features: list[Feature] = []
    densities: dict[str, float] | None = None
    try:
        features = _read(file)
    except GeodataFault as err:
        faults.append(str(err))
    try:
        densities = _read_table(table)
    except GeodataFault as err:
        faults.append(str(err))
    if faults and not features:
        raise GeodataFault(" ".join(faults))
    try:
        imported = regions_of(features, densities, country=country, file=file)
    except GeodataFault as err:
        raise GeodataFault(" ".join([*faults, str(err)])) from err
    if faults:
        raise GeodataFault(" ".join(faults))
    files = [path for path in (file, table) if path is not None]
    provenance = Provenance(
        source=source or ", ".join(path.name for path in files),
        as_of=as_of,
        licence=licence,
        imported_on=today,
        sha256=" ".join(hashlib.sha256(path.read_bytes()).hexdigest() for path in files),
    )
    stored = Geodata(provenance, imported.regions)
    store_geodata(target, stored)
    return stored, {"passed_over": imported.passed_over, "repaired": list(imported.repaired)}


def bring_postal_codes(
    file: Path, target: Path, *, source: str | None, as_of: str, licence: str, today: date
) -> tuple[list[PostalPlace], PostalProvenance]:
    """Import the table `file` of places by postal code into `target`. Raises GeodataFault."""
    try:
        places = read_postal_codes(file)
        checksum = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as err:
        raise _unreadable(file, err) from err
    provenance = PostalProvenance(source or file.name, as_of, licence, today, checksum)
    store_postal_codes(target, provenance, places)
    return places, provenance


def _read(file: Path) -> list[Feature]:
    try:
        return read_features(file)
    except OSError as err:
        raise _unreadable(file, err) from err


def _read_table(table: Path | None) -> dict[str, float] | None:
    try:
        return None if table is None else read_densities(table)
    except OSError as err:
        raise _unreadable(table, err) from err


def _unreadable(file: Path | None, err: OSError) -> GeodataFault:
    why = (err.strerror or type(err).__name__).lower()
    return GeodataFault(f"{file} cannot be read: {why}. Give the path of a readable file.")
