"""`survey geodata`: the regions with which locations are anonymized."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from anonymizer.geodata.store import Geodata
    from couch.centre_settings import CentreSettings


@click.group()
def geodata() -> None:
    """The regions (NUTS 3) and population densities that anonymization needs; you bring them."""


def _where_options(command: click.decorators.FC) -> click.decorators.FC:
    """`--config` or `--folder`: where the file of regions stands."""
    config = click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        help="The centre's settings; their `geodata` says where the regions are kept.",
    )
    folder = click.option(
        "--folder",
        type=click.Path(file_okay=False, path_type=Path),
        help="Instead: a folder to keep them in.",
    )
    return config(folder(command))


@geodata.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--densities",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Table of districts with NUTS-3 codes (.xlsx, .csv), such as Destatis' 04-kreise.xlsx.",
)
@_where_options
@click.option("--country", default="DE", show_default=True, help="Prefix of the NUTS codes to take.")
@click.option("--source", help="Who published the files; else their names.")
@click.option("--as-of", default="", help="The day they describe, for example 2023-12-31.")
@click.option(
    "--licence", default="not stated", show_default=True, help="Their licence, such as dl-de/by-2-0."
)
@click.option("--json", "as_json", is_flag=True, help="Say what was imported as JSON.")
def import_(  # noqa: PLR0917 - click hands them in by name
    file: Path,
    densities: Path | None,
    config: Path | None,
    folder: Path | None,
    country: str,
    source: str | None,
    as_of: str,
    licence: str,
    as_json: bool,
) -> None:
    """Import regions from GeoJSON, GeoPackage or a shapefile; all faults are told at once.

    The regions that were there are replaced only when nothing is wrong with the new ones.

    Example: survey geodata import NUTS250_N3.shp --densities 04-kreise.xlsx --config centre.toml
    """
    from anonymizer.geodata.bringing import bring_geodata  # noqa: PLC0415 - `survey --help` stays light
    from couch.clock import clock_from_environment  # noqa: PLC0415

    target = _geodata_target(config, folder)
    today = clock_from_environment(dict(os.environ)).now().date()
    stored, notes = bring_geodata(
        file,
        densities,
        target,
        country=country.upper(),
        source=source,
        as_of=as_of,
        licence=licence,
        today=today,
    )
    _say(target, stored, as_json=as_json, notes=notes)


@geodata.command("postal-codes")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_where_options
@click.option("--source", help="Who published the table; else its name.")
@click.option("--as-of", default="", help="The day it describes, for example 2023-12-31.")
@click.option("--licence", default="not stated", show_default=True, help="Its licence, such as CC-BY-4.0.")
@click.option("--json", "as_json", is_flag=True, help="Say what was imported as JSON.")
def postal_codes(  # noqa: PLR0917 - click hands them in by name
    file: Path,
    config: Path | None,
    folder: Path | None,
    source: str | None,
    as_of: str,
    licence: str,
    as_json: bool,
) -> None:
    """Import places by postal code, for the form that registers households; all faults are told at once.

    FILE is CSV with the columns postal_code, place, latitude, longitude. None is brought along, since their
    licences differ.

    Example: survey geodata postal-codes places.csv --config centre.toml
    """
    from anonymizer.geodata.bringing import bring_postal_codes  # noqa: PLC0415 - `survey --help` stays light
    from anonymizer.geodata.postal_codes import FILE_NAME  # noqa: PLC0415
    from couch.clock import clock_from_environment  # noqa: PLC0415

    target = _target(config, folder, lambda settings: settings.postal_codes, FILE_NAME)
    today = clock_from_environment(dict(os.environ)).now().date()
    places, provenance = bring_postal_codes(
        file, target, source=source, as_of=as_of, licence=licence, today=today
    )
    said = {
        "file": str(target),
        "places": len(places),
        "codes": len({place.postal_code for place in places}),
        "source": provenance.source,
        "as_of": as_of,
        "licence": licence,
        "sha256": provenance.sha256,
    }
    _tell(said, as_json=as_json)


@geodata.command()
@_where_options
@click.option(
    "--at", nargs=2, type=float, metavar="LATITUDE LONGITUDE", help="Also: the region of this place."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show(config: Path | None, folder: Path | None, at: tuple[float, float] | None, as_json: bool) -> None:
    """Show which regions are there and where they came from.

    Example: survey geodata show --config centre.toml --at 52.52 13.40
    """
    from anonymizer.geodata.regions import Regions  # noqa: PLC0415
    from anonymizer.geodata.store import load_geodata  # noqa: PLC0415
    from anonymizer.location.distances import distances  # noqa: PLC0415

    target = _geodata_target(config, folder)
    stored = load_geodata(target)
    place: dict[str, object] = {}
    if at is not None:
        region = Regions(stored.regions).at(*at)
        bounds = distances(region.density_per_km2)
        place = {
            "region": region.code,
            "name": region.name,
            "density_per_km2": region.density_per_km2,
            "d_min_m": round(bounds.d_min_m, 1),
            "d_max_m": round(bounds.d_max_m, 1),
        }
    _say(target, stored, as_json=as_json, notes=place)


def _geodata_target(config: Path | None, folder: Path | None) -> Path:
    from anonymizer.geodata.store import FILE_NAME  # noqa: PLC0415

    return _target(config, folder, lambda settings: settings.geodata, FILE_NAME)


def _target(
    config: Path | None, folder: Path | None, configured: "Callable[[CentreSettings], Path]", name: str
) -> Path:
    """Where the settings say, or `name` in the folder."""
    from couch.centre_settings import load_centre_settings  # noqa: PLC0415

    if (config is None) == (folder is None):
        raise click.UsageError("give --config (the centre's settings) or --folder, one of them.")
    return configured(load_centre_settings(config, os.environ)) if config else (folder or Path()) / name


def _say(target: Path, stored: "Geodata", *, as_json: bool, notes: dict[str, object]) -> None:
    densities = sorted(region.density_per_km2 for region in stored.regions)
    said: dict[str, object] = {
        "file": str(target),
        "regions": len(stored.regions),
        "lowest_density_per_km2": densities[0],
        "highest_density_per_km2": densities[-1],
        "source": stored.provenance.source,
        "as_of": stored.provenance.as_of,
        "licence": stored.provenance.licence,
        "imported_on": str(stored.provenance.imported_on),
        "sha256": stored.provenance.sha256,
        **notes,
    }
    _tell(said, as_json=as_json)


def _tell(said: "Mapping[str, object]", *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False, indent=2))
        return
    for name, value in said.items():
        click.echo(f"{name.replace('_', ' ')}: {value}")
