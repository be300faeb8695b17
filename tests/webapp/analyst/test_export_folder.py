"""An export into a folder: resumable, published whole, never mixed with another."""

import fcntl
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from couch.clock import SLOT, from_rfc3339
from couch.documents import ConsentState, Context, ContextMeter
from couch.errors import Fault, Unreachable
from webapp.analyst import export_folder
from webapp.analyst.export_folder import export_to_folder
from webapp.analyst.export_ledger import Withdrawn
from webapp.analyst.export_parts import Parts
from webapp.analyst.export_pieces import pieces
from webapp.analyst.export_request import ExportRequest, parse_request
from webapp.analyst.kept_reading import kept_measurements
from webapp.analyst.measurement_batches import measurement_batch

FORMATS = ("ndjson", "json", "csv")


def wish(wanted: str = "ndjson", end: str = "2026-01-04") -> ExportRequest:
    return parse_request("2026-01-01", end, None, wanted)


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("wanted", FORMATS)
def test_the_package_describes_the_file_beside_it(
    ledger: Any, month: Any, tmp_path: Path, wanted: str
) -> None:
    done = export_to_folder(wish(wanted), tmp_path, month, ledger)
    package = json.loads((tmp_path / "datapackage.json").read_text())
    (resource,) = package["resources"]
    data = (tmp_path / resource["path"]).read_bytes()
    assert resource["bytes"] == len(data) == done.size
    assert resource["hash"] == "sha256:" + hashlib.sha256(data).hexdigest()
    assert resource["rows"] == done.rows == 3 * 96 * 3 * 2
    assert sorted(content(tmp_path)) == ["datapackage.json", f"measurements.{wanted}"]
    names = [field["name"] for field in resource["schema"]["fields"]]
    header = data.decode().splitlines()[0].split(",") if wanted == "csv" else None
    row = json.loads(data)[0] if wanted == "json" else None
    assert names == (header or list(row or json.loads(data.decode().splitlines()[0])))


@pytest.mark.parametrize("wanted", FORMATS)
@pytest.mark.parametrize("breaks_after", [5, 50, 400, 861])
def test_an_interrupted_export_goes_on_and_ends_with_the_same_bytes(
    ledger: Any, month: Any, tmp_path: Path, wanted: str, breaks_after: int
) -> None:
    export_to_folder(wish(wanted), tmp_path / "whole", month, ledger)
    month.breaks_after = breaks_after
    with pytest.raises(KeyboardInterrupt):
        export_to_folder(wish(wanted), tmp_path / "cut", month, ledger)
    assert not (tmp_path / "cut" / "datapackage.json").exists()
    done = export_to_folder(wish(wanted), tmp_path / "cut", month, ledger)
    assert done.resumed_rows == breaks_after // 50 * 50 * 2
    assert content(tmp_path / "cut") == content(tmp_path / "whole")


@pytest.mark.parametrize("wanted", FORMATS)
def test_a_run_that_ended_when_its_file_was_whole_but_the_table_not_yet_noted_goes_on(
    ledger: Any, month: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    export_to_folder(wish(wanted), tmp_path / "whole", month, ledger)
    monkeypatch.setattr(Parts, "table_is_whole", interrupt)
    with pytest.raises(KeyboardInterrupt):
        export_to_folder(wish(wanted), tmp_path / "cut", month, ledger)
    monkeypatch.undo()
    done = export_to_folder(wish(wanted), tmp_path / "cut", month, ledger)
    assert done.resumed_rows == done.rows
    assert content(tmp_path / "cut") == content(tmp_path / "whole")


@pytest.fixture
def two_months(make_source: Any, measurement: Any) -> Any:
    """An hour of a meter before the end of February, an hour of another one's after it."""
    march = from_rfc3339("2026-03-01T00:00:00Z")
    return make_source(
        [measurement(march + number * SLOT, 1 if number < 0 else 11) for number in range(-4, 4)]
    )


def parquet_wish() -> ExportRequest:
    return parse_request("2026-02-01", "2026-03-02", None, "parquet")


def test_months_in_parquet_go_on_behind_the_last_whole_one(
    ledger: Any, two_months: Any, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.parquet"
    rows = [pa.Table.from_batches([measurement_batch([stored])]) for stored in two_months.stored]
    pq.write_table(pa.concat_tables(rows).combine_chunks(), kept)
    two_months.size = 1
    export_to_folder(parquet_wish(), tmp_path / "whole", two_months, ledger)
    two_months.breaks_after = 6
    with pytest.raises(KeyboardInterrupt):
        export_to_folder(parquet_wish(), tmp_path / "cut", two_months, ledger)
    done = export_to_folder(parquet_wish(), tmp_path / "cut", two_months, ledger)
    assert done.resumed_rows == 4 * 2
    assert content(tmp_path / "cut") == content(tmp_path / "whole")
    asked, after = parquet_wish(), two_months.asked[-1]
    found = kept_measurements(kept, asked.start_at, asked.end_at, None, after)
    assert sum(batch.num_rows for batch in found) == 4 * 2  # kept months go on there, too


def test_a_month_of_which_nothing_is_left_leaves_no_file_of_an_earlier_run(
    ledger: Any, two_months: Any, tmp_path: Path
) -> None:
    export_to_folder(parquet_wish(), tmp_path, two_months, ledger)
    two_months.measurements_ = two_months.measurements_[:4]  # the other household was erased
    ledger.withdrawn = (Withdrawn(f"{1:032x}", "erased"),)
    export_to_folder(parquet_wish(), tmp_path, two_months, ledger)
    assert sorted(content(tmp_path)) == ["datapackage.json", "measurements/month=2026-02/part-0.parquet"]
    assert not (tmp_path / "measurements" / "month=2026-03").exists()


def test_measurements_stay_whole_however_often_the_tables_after_them_are_interrupted(
    ledger: Any, two_months: Any, tmp_path: Path
) -> None:
    two_months.held = [
        Context(
            household=f"{household:032x}",
            consent=ConsentState.GRANTED,
            meters=(ContextMeter(meter=f"{meter:032x}", meter_type="ELECTRICITY", model="MT175"),),
        )
        for household, meter in ((0, 1), (1, 11))
    ]
    asked = parse_request("2026-02-01", "2026-03-02", None, "parquet", tables=["measurements", "intervals"])
    export_to_folder(asked, tmp_path / "whole", two_months, ledger)
    for many in (16 + 3, 16):  # in the second month of the intervals, then in the first one

        def progress(_share: float, rows: int, many: int = many) -> None:
            if rows > many:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            export_to_folder(asked, tmp_path / "cut", two_months, ledger, progress=progress)
    done = export_to_folder(asked, tmp_path / "cut", two_months, ledger)
    assert (done.resumed_rows, done.rows) == (16, 16 + 6)
    assert content(tmp_path / "cut") == content(tmp_path / "whole")


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


class InterruptedName(str):
    """The name of a file at which Ctrl-C comes while it is looked at."""

    __slots__ = ()

    def endswith(self, *_: object) -> bool:
        raise KeyboardInterrupt


def test_rows_at_which_the_export_was_interrupted_are_not_doubled(
    ledger: Any, month: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pieces_until_interrupted(*given: Any, **more: Any) -> Any:
        for number, piece in enumerate(pieces(*given, **more)):
            yield replace(piece, file=InterruptedName(piece.file)) if number == 5 else piece

    export_to_folder(wish(), tmp_path / "whole", month, ledger)
    monkeypatch.setattr(export_folder, "pieces", pieces_until_interrupted)
    with pytest.raises(KeyboardInterrupt):
        export_to_folder(wish(), tmp_path / "cut", month, ledger)
    monkeypatch.undo()
    export_to_folder(wish(), tmp_path / "cut", month, ledger)
    assert content(tmp_path / "cut") == content(tmp_path / "whole")


def test_bytes_behind_the_last_durable_point_are_cut_off(ledger: Any, month: Any, tmp_path: Path) -> None:
    export_to_folder(wish(), tmp_path / "whole", month, ledger)
    month.breaks_after = 400
    with pytest.raises(KeyboardInterrupt):
        export_to_folder(wish(), tmp_path / "cut", month, ledger)
    with (tmp_path / "cut" / "measurements.ndjson.part").open("ab") as part:
        part.write(b'{"household": "half a li')  # as a power failure leaves it
    assert export_to_folder(wish(), tmp_path / "cut", month, ledger).resumed_rows == 800
    assert content(tmp_path / "cut") == content(tmp_path / "whole")


def test_a_part_whose_bytes_changed_is_not_trusted(ledger: Any, month: Any, tmp_path: Path) -> None:
    export_to_folder(wish(), tmp_path / "whole", month, ledger)
    month.breaks_after = 400
    with pytest.raises(KeyboardInterrupt):
        export_to_folder(wish(), tmp_path / "cut", month, ledger)
    part = tmp_path / "cut" / "measurements.ndjson.part"
    part.write_bytes(part.read_bytes().replace(b"1000001", b"9999999", 1))
    assert export_to_folder(wish(), tmp_path / "cut", month, ledger).resumed_rows == 0
    assert content(tmp_path / "cut") == content(tmp_path / "whole")


def test_the_same_export_twice_gives_the_same_bytes(ledger: Any, month: Any, tmp_path: Path) -> None:
    export_to_folder(wish("csv"), tmp_path, month, ledger)
    before = content(tmp_path)
    export_to_folder(wish("csv"), tmp_path, month, ledger)
    assert content(tmp_path) == before


def test_a_database_that_fails_at_once_leaves_nothing_half_written(
    ledger: Any, month: Any, tmp_path: Path
) -> None:
    month.breaks_after, month.error = 0, Unreachable("gone")
    with pytest.raises(Unreachable):
        export_to_folder(wish(), tmp_path, month, ledger)
    assert content(tmp_path) == {}


def test_a_network_that_fails_on_the_way_leaves_a_part_to_go_on_from(
    ledger: Any, month: Any, tmp_path: Path
) -> None:
    month.breaks_after, month.error = 100, Unreachable("gone")
    with pytest.raises(Unreachable):
        export_to_folder(wish(), tmp_path, month, ledger)
    assert sorted(content(tmp_path)) == ["export.state", "measurements.ndjson.part"]


def test_another_exports_folder_is_left_alone(ledger: Any, month: Any, tmp_path: Path) -> None:
    export_to_folder(wish(), tmp_path, month, ledger)
    before = content(tmp_path)
    for other in (wish(end="2026-01-03"), wish("csv")):
        with pytest.raises(Fault, match="another folder"):
            export_to_folder(other, tmp_path, month, ledger)
    assert content(tmp_path) == before


def test_an_unfinished_export_of_another_range_is_left_alone(ledger: Any, month: Any, tmp_path: Path) -> None:
    month.breaks_after = 400
    with pytest.raises(KeyboardInterrupt):
        export_to_folder(wish(), tmp_path, month, ledger)
    before = content(tmp_path)
    with pytest.raises(
        Fault, match="unfinished export of measurements from 2026-01-01 to 2026-01-04 as ndjson"
    ):
        export_to_folder(wish(end="2026-01-03"), tmp_path, month, ledger)
    assert content(tmp_path) == before


def test_two_exports_do_not_write_into_one_folder_at_once(ledger: Any, month: Any, tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(Fault, match="another export is writing"):
            export_to_folder(wish(), tmp_path, month, ledger)
    finally:
        os.close(descriptor)


def test_a_target_that_is_no_folder_is_one_clear_line(ledger: Any, month: Any, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for target in (file, file / "below"):
        with pytest.raises(Fault, match="may write to") as caught:
            export_to_folder(wish(), target, month, ledger)
        assert "\n" not in str(caught.value)


def test_a_full_disk_is_one_clear_line(ledger: Any, month: Any, tmp_path: Path) -> None:
    (tmp_path / "measurements.ndjson.part").symlink_to("/dev/full")
    with pytest.raises(Fault, match="with room for it"):
        export_to_folder(wish(), tmp_path, month, ledger)


def test_progress_is_told_as_a_share_of_the_time_range(ledger: Any, month: Any, tmp_path: Path) -> None:
    heard: list[tuple[float, int]] = []
    export_to_folder(
        wish(), tmp_path, month, ledger, progress=lambda share, rows: heard.append((share, rows))
    )
    shares = [share for share, _rows in heard]
    assert shares == sorted(shares)
    assert heard[-1] == (1.0, 3 * 96 * 3 * 2)
