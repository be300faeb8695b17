"""The search of files: nothing lies so that it is missed, whatever the chunks and blocks."""

import gzip
import os
import random
import zipfile
from pathlib import Path

import pytest

from anonymizer.proof.byte_search import ByteSearch, files_below
from couch.errors import Fault

NEEDLES = [b"Zo\xc3\xab d'Arc", b"d'Arc", b"F@K(\xc3\xc9\xee\xcb\xfb"]


def test_needles_are_counted_wherever_chunks_end() -> None:
    content = random.Random(1).randbytes(300) + NEEDLES[0] + b"d'Ard'Arc" + NEEDLES[2] + b"x"
    for size in range(1, 40):
        chunks = [content[start : start + size] for start in range(0, len(content), size)]
        assert ByteSearch(NEEDLES).in_stream(chunks) == {0: 1, 1: 2, 2: 1}, size


def test_a_name_across_the_blocks_of_a_couchdb_file_is_found(tmp_path: Path) -> None:
    plain = b"." * 4090 + NEEDLES[0] + b"." * 9000
    blocks = [plain[start : start + 4095] for start in range(0, len(plain), 4095)]
    content = b"".join(b"\0" + block for block in blocks)
    assert NEEDLES[0] not in content
    (tmp_path / "registry.17.couch").write_bytes(content)
    (tmp_path / "5e1b.view").write_bytes(content)
    (tmp_path / "registry.17.couch.compact.data").write_bytes(content)
    found = ByteSearch(NEEDLES).in_files(files_below([tmp_path]))
    assert [counts[0] for counts in found.hits.values()] == [1, 1, 1]


def test_packed_and_hidden_files_are_looked_into(tmp_path: Path) -> None:
    (tmp_path / ".delete").mkdir()
    (tmp_path / ".delete" / "x").write_bytes(NEEDLES[0])
    with gzip.open(tmp_path / "web.log.1.gz", "wb") as file:
        file.write(b"GET " + NEEDLES[0])
    with zipfile.ZipFile(tmp_path / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("households.csv", b"name\n" + NEEDLES[0])
    found = ByteSearch(NEEDLES).in_files(files_below([tmp_path]))
    assert {file.name: counts[0] for file, counts in found.hits.items()} == {
        "x": 1,
        "web.log.1.gz": 1,
        "export.zip": 1,
    }


def test_a_damaged_archive_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "web.log.1.gz").write_bytes(gzip.compress(b"x" * 10_000)[:-20])
    with pytest.raises(Fault, match=r"web\.log\.1\.gz is packed and cannot be looked into"):
        ByteSearch(NEEDLES).in_files(files_below([tmp_path]))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"")
    (tmp_path / "x").chmod(0)
    with pytest.raises(Fault, match="cannot be searched"):
        ByteSearch(NEEDLES).in_files(files_below([tmp_path]))


def test_a_file_that_vanishes_holds_nothing(tmp_path: Path) -> None:
    found = ByteSearch(NEEDLES).in_files([tmp_path / "gone"])
    assert (found.hits, found.bytes) == ({}, 0)
