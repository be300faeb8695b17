"""`survey geodata import` and `show`: taken as a whole, or refused with every fault."""

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import shapely
from click.testing import Result

from anonymizer.geodata import NoRegion, Regions, load_geodata
from anonymizer.geodata.features import GeodataFault
from anonymizer.geodata.importing import read_features, regions_of
from couch.errors import Fault

Feature = Callable[..., dict[str, Any]]
Run = Callable[..., Result]
Write = Callable[..., Path]


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "geodata.gpkg"


def test_what_was_imported_is_loaded_again(geojson: Write, run_geodata: Run, kept: Path) -> None:
    file = geojson()
    said = run_geodata(
        "import",
        file,
        "--source",
        "an authority",
        "--as-of",
        "2023-12-31",
        "--licence",
        "dl-de/by-2-0",
        "--json",
    )
    assert said.exit_code == 0, said.output
    stored = load_geodata(kept)
    assert stored.regions == regions_of(read_features(file), None, country="DE", file=file).regions
    assert stored.provenance.source == "an authority"
    assert stored.provenance.licence == "dl-de/by-2-0"
    assert stored.provenance.as_of == "2023-12-31"
    assert stored.provenance.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert json.loads(said.output)["regions"] == 3
    assert Regions(stored.regions).at(50.05, 10.05).density_per_km2 == 100.5


def test_a_shapefile_beside_the_table_of_districts(
    bkg_shapefile: Path, destatis_rows: list[list[object]], run_geodata: Run, kept: Path, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    for row in destatis_rows:
        book.active.append(row)
    table = tmp_path / "04-kreise.xlsx"
    book.save(table)
    assert run_geodata("import", bkg_shapefile, "--densities", table).exit_code == 0
    stored = load_geodata(kept)
    assert [region.density_per_km2 for region in stored.regions] == [101, 4000, 36]
    assert stored.provenance.source == "NUTS250_N3.shp, 04-kreise.xlsx"


def test_the_stored_file_is_a_geopackage_that_can_be_imported_itself(
    geojson: Write, run_geodata: Run, kept: Path, tmp_path: Path
) -> None:
    run_geodata("import", geojson())
    assert run_geodata("import", kept, folder=tmp_path / "again").exit_code == 0
    assert load_geodata(tmp_path / "again" / "geodata.gpkg").regions == load_geodata(kept).regions


def test_all_faults_are_told_at_once(geojson: Write, feature: Feature, run_geodata: Run, kept: Path) -> None:
    file = geojson(
        feature("DE001"),
        feature("DE002", population_density_per_km2=202_000),
        feature("DE003", population_density_per_km2=None),
        feature("DE004", population_density_per_km2=5),
        feature("DE005", shapely.Point(10, 50), population_density_per_km2=5),
        feature("DE006", shapely.box(600_000, 5_500_000, 600_100, 5_500_100), population_density_per_km2=5),
        feature("DE007", shapely.box(10.0, 50.0, 10.1, 50.05), population_density_per_km2=5),
        feature("", shapely.box(11, 51, 12, 52)),
    )
    with pytest.raises(GeodataFault) as caught:
        run_geodata("import", file)
    message = str(caught.value)
    for fault in (
        "at most 30000 people on a km² for DE002",
        "no population density for DE003",
        "no polygon for: DE004, DE005",
        "no longitude and latitude for: DE006",
        "regions that overlap: DE001 and DE007",
        "1 polygons have no code",
    ):
        assert fault in message
    assert "\n" not in message
    assert not kept.exists()


def test_faults_of_both_files_are_told_together(
    geojson: Write, feature: Feature, run_geodata: Run, tmp_path: Path
) -> None:
    table = tmp_path / "densities.csv"
    table.write_text("nothing\n")
    with pytest.raises(GeodataFault) as caught:
        run_geodata("import", geojson(feature("DE001", shapely.Point(1, 1))), "--densities", table)
    assert "no row with a NUTS-3 code" in str(caught.value)
    assert "no polygon for: DE001" in str(caught.value)


def test_many_regions_without_a_density_are_named_up_to_ten(
    geojson: Write, feature: Feature, run_geodata: Run
) -> None:
    many = [feature(f"DE1{n:02d}", shapely.box(n / 10, 50, (n + 1) / 10, 51)) for n in range(30)]
    with pytest.raises(GeodataFault, match="DE109 and 20 more"):
        run_geodata("import", geojson(*many))


def test_a_refused_import_leaves_the_regions_that_were_there(
    geojson: Write, feature: Feature, run_geodata: Run, kept: Path
) -> None:
    run_geodata("import", geojson())
    before = kept.read_bytes()
    with pytest.raises(GeodataFault):
        run_geodata("import", geojson(feature("DE001", shapely.Point(1, 1))))
    assert kept.read_bytes() == before
    assert os.listdir(kept.parent) == ["geodata.gpkg"]


def test_an_import_that_dies_while_writing_leaves_the_regions_that_were_there(
    geojson: Write, run_geodata: Run, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_geodata("import", geojson())
    before = kept.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(GeodataFault, match="No space left"):
        run_geodata("import", geojson())
    assert kept.read_bytes() == before
    assert os.listdir(kept.parent) == ["geodata.gpkg"]


def test_other_levels_and_countries_are_passed_over_and_counted(
    geojson: Write, feature: Feature, run_geodata: Run, kept: Path
) -> None:
    square = shapely.box(10, 50, 10.1, 50.1)
    file = geojson(
        feature("DE001"), *(feature(code, square) for code in ("DE", "DE0", "DE00", "FR101", "DEZZZ"))
    )
    said = run_geodata("import", file, "--json")
    assert json.loads(said.output)["passed_over"] == 5
    assert [region.code for region in load_geodata(kept).regions] == ["DE001"]
    with pytest.raises(GeodataFault, match="no polygon has a NUTS-3 code of AT"):
        run_geodata("import", file, "--country", "AT")


def test_a_polygon_that_crosses_itself_is_repaired_and_named(
    geojson: Write, feature: Feature, run_geodata: Run
) -> None:
    bow = shapely.Polygon([(10, 50), (10.1, 50.1), (10.1, 50), (10, 50.1)])
    said = run_geodata("import", geojson(feature("DE001", bow)), "--json")
    assert json.loads(said.output)["repaired"] == ["DE001"]


@pytest.mark.parametrize("missing", ["regions.geojson", "table.csv"])
def test_a_missing_file_is_said_in_one_line(
    geojson: Write, run_geodata: Run, tmp_path: Path, missing: str
) -> None:
    file = tmp_path / missing if missing.endswith("geojson") else geojson()
    with pytest.raises(GeodataFault, match="no such file"):
        run_geodata("import", file, "--densities", tmp_path / "table.csv")


def test_show_says_where_the_regions_came_from_and_asks_for_a_place(geojson: Write, run_geodata: Run) -> None:
    run_geodata("import", geojson(), "--licence", "dl-de/by-2-0")
    said = json.loads(run_geodata("show", "--at", 50.05, 10.15, "--json").output)
    assert said["licence"] == "dl-de/by-2-0"
    assert (said["region"], said["d_min_m"], said["d_max_m"]) == ("DE002", 300, 1300)
    assert "highest density per km2: 4000.0" in run_geodata("show").output
    with pytest.raises(NoRegion):
        run_geodata("show", "--at", 0, 0)


def test_before_an_import_show_says_what_to_do(run_geodata: Run) -> None:
    with pytest.raises(Fault, match=r"missing.*survey geodata import"):
        run_geodata("show")


@pytest.mark.parametrize("damage", ["cut", "foreign", "version", "date"])
def test_a_damaged_file_of_regions_is_refused(
    geojson: Write, run_geodata: Run, kept: Path, damage: str
) -> None:
    run_geodata("import", geojson())
    if damage == "cut":
        kept.write_bytes(kept.read_bytes()[:5000])
    elif damage == "foreign":
        kept.write_bytes(b"something else")
    else:
        with closing(sqlite3.connect(kept)) as database:
            key = "format" if damage == "version" else "imported_on"
            database.execute("UPDATE survey_geodata SET value = '99' WHERE key = ?", (key,))
            database.commit()
    with pytest.raises(GeodataFault, match="Import the regions again"):
        load_geodata(kept)


def test_the_settings_say_where_the_regions_are_kept(
    geojson: Write, tmp_path: Path, run_geodata: Run
) -> None:
    from click.testing import CliRunner  # noqa: PLC0415 - the fixture always names a folder

    from anonymizer.geodata.commands import geodata  # noqa: PLC0415

    config = tmp_path / "centre.toml"
    config.write_text(
        'url = "http://127.0.0.1:5984"\npseudonym_key = "key"\ngeodata = "maps/nuts.gpkg"\n'
        '[admin]\nuser = "a"\npassword = "p"\n[worker]\nuser = "w"\npassword = "q"\n'
    )
    config.chmod(0o600)
    assert CliRunner().invoke(geodata, ["import", str(geojson()), "--config", str(config)]).exit_code == 0
    assert len(load_geodata(tmp_path / "maps" / "nuts.gpkg").regions) == 3
    both = CliRunner().invoke(geodata, ["show", "--config", str(config), "--folder", str(tmp_path)])
    assert both.exit_code == 2
