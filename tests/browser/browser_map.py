"""An invented country for the forms' map: a grid of crooked districts around the demo's households."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from provisioning.demo.processes import run_once

_WEST, _SOUTH, _STEP = 6.0, 47.5, 1.25  # degrees
_COLUMNS, _ROWS = 7, 6
_PLACES = (
    ("24103", "Kiel", 54.3233, 10.1228),
    ("65183", "Wiesbaden", 50.0826, 8.24),
    ("01067", "Dresden", 51.06, 13.74),
    ("80331", "München", 48.137, 11.575),
)


def bring_invented_map(folder: Path, config: Path, environ: Mapping[str, str]) -> None:
    """Import the districts and a table of postal codes into the centre with these settings."""
    regions = folder / "regions.geojson"
    features = [_district(column, row) for row in range(_ROWS) for column in range(_COLUMNS)]
    regions.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    places = folder / "places.csv"
    rows = ["postal_code,place,latitude,longitude", *(",".join(map(str, place)) for place in _PLACES)]
    places.write_text("\n".join(rows) + "\n", encoding="utf-8")
    run_once(["geodata", "import", str(regions), "--config", str(config), "--json"], environ)
    run_once(["geodata", "postal-codes", str(places), "--config", str(config), "--json"], environ)


def _district(column: int, row: int) -> dict[str, object]:
    corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1), (column, row)]
    number = row * _COLUMNS + column
    return {
        "type": "Feature",
        "properties": {
            "NUTS_ID": f"DE{number:03}",
            "NUTS_NAME": f"District {number}",
            "population_density_per_km2": 60 + 37 * number,
        },
        "geometry": {"type": "Polygon", "coordinates": [[_crooked(*corner) for corner in corners]]},
    }


def _crooked(column: int, row: int) -> list[float]:
    """A corner of the grid, a little aside, so that districts look like districts; neighbours agree on it."""
    aside = 0.25 * _STEP
    return [
        round(_WEST + _STEP * column + aside * math.sin(5 * column + 3 * row), 4),
        round(_SOUTH + _STEP * row + aside * math.cos(2 * column + 7 * row), 4),
    ]
