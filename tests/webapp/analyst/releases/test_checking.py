"""What was downloaded, compared with what was published."""

from pathlib import Path

import pytest

from couch.errors import Fault
from webapp.analyst.releases.checking import check_folder
from webapp.analyst.releases.making import Maker, make_release
from webapp.analyst.releases.store import ReleaseStore
from webapp.analyst.selection import Selection


@pytest.fixture
def folder(maker: Maker, store: ReleaseStore, selection: Selection) -> Path:
    make_release(maker, "energy", selection)
    return store.folder / "energy" / "1"


def test_what_is_as_it_was_published_passes(folder: Path) -> None:
    done = check_folder(folder)
    assert (done.faults, done.files > 6) == ((), True)


def test_each_file_that_is_not_is_named(folder: Path) -> None:
    context, gaps, meters = (folder / "data" / f"{name}.csv" for name in ("context", "gaps", "meters"))
    for file in (context, gaps):
        file.chmod(0o644)
    context.write_bytes(context.read_bytes().replace(b"granted", b"revoked"))
    gaps.write_bytes(gaps.read_bytes()[:-5])
    meters.unlink()
    faults = check_folder(folder).faults
    assert len(faults) == 3
    assert faults[0].startswith("data/context.csv is not what was published")
    assert faults[1].startswith("data/gaps.csv holds ")
    assert faults[2].startswith("data/meters.csv cannot be read")


def test_a_descriptor_that_points_elsewhere_is_not_followed(tmp_path: Path) -> None:
    text = '{"resources":[{"path":"../../etc/passwd","bytes":1,"hash":"sha256:00"}]}'
    (tmp_path / "datapackage.json").write_text(text)
    assert "points out of the folder" in check_folder(tmp_path).faults[0]


@pytest.mark.parametrize("text", [None, "no JSON", "[]", '{"resources":[{"path":5}]}', '{"resources":[]}'])
def test_a_folder_without_a_descriptor_is_told_of(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "datapackage.json").write_text(text)
    with pytest.raises(Fault):
        check_folder(tmp_path)
