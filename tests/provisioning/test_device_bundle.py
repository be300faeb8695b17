"""Bundles: made once, kept while they are good, made anew when their code has ended; without passwords."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from couch.bundle import BundleMeter, read_bundle
from couch.clock import to_rfc3339
from couch.errors import Fault
from couch.private_files import write_private
from provisioning.device_bundle import BundleMaker, Handing
from provisioning.enrolment_codes import matches
from provisioning.enrolment_store import Replacement

METER = "44444444-4444-4444-8444-444444444444"
HEAD = 'sim://grid?name="odd"\\'


def test_a_bundle_says_all_that_a_device_needs(bench: Any) -> None:
    entry = replace(
        bench.entry(), meters=(BundleMeter(meter=METER, name="grid", head=HEAD), BundleMeter(meter=METER))
    )
    bundle = bench.bundle(entry)
    assert (bundle.device, bundle.household, bundle.name) == (entry.device, entry.household, "cellar")
    assert bundle.centre_url == "https://centre.example.org:6984"
    assert bundle.ca.strip() == bench.authority.root_certificate().strip()
    assert [meter.head for meter in bundle.meters] == [HEAD, None]
    assert matches(bench.store.code(entry.device), bundle.code.reveal())


def test_the_centre_keeps_the_code_s_hash_alone(bench: Any) -> None:
    code = bench.bundle().code.reveal()
    assert code.encode() not in (bench.folder / "ca" / "enrolment.sqlite").read_bytes()
    assert (bench.folder / "ca" / "enrolment.sqlite").stat().st_mode & 0o077 == 0


def test_only_the_owner_may_read_a_bundle_and_it_holds_no_password(bench: Any) -> None:
    handed = bench.hand_out(bench.entry())
    assert handed.bundle.stat().st_mode & 0o777 == 0o600
    assert "password" not in tomllib.loads(handed.bundle.read_text())
    assert "PRIVATE KEY" not in handed.bundle.read_text()


def test_a_second_run_keeps_a_bundle_that_is_still_good(bench: Any) -> None:
    entry = bench.entry()
    first = bench.bundle(entry)
    assert bench.hand_out(entry).outcome is Handing.KEPT
    assert bench.bundle(entry) == first


def test_a_kept_bundle_takes_up_what_the_household_s_file_says_now(bench: Any) -> None:
    entry = bench.entry()
    first = bench.bundle(entry)
    second = bench.bundle(replace(entry, meters=(BundleMeter(meter=METER, head=HEAD),)))
    assert second.code == first.code
    assert second.meters[0].head == HEAD


def test_a_bundle_whose_code_has_ended_is_made_anew(bench: Any, device_key: Any) -> None:
    entry = bench.entry()
    first = bench.bundle(entry)
    bench.pass_time(days=7)
    assert bench.hand_out(entry).outcome is Handing.MADE
    assert bench.bundle(entry).code != first.code


@pytest.mark.parametrize("damage", ["", "format = 1\n", "format = 2\n", "not toml ["])
def test_a_bundle_that_was_lost_or_damaged_is_made_anew_and_the_old_code_is_good_no_more(
    bench: Any, damage: str, device_key: Any
) -> None:
    entry = bench.entry()
    first = bench.bundle(entry)
    bench.maker().path(entry.device).write_text(damage)
    second = bench.bundle(entry)
    assert second.code != first.code
    with pytest.raises(Exception, match="no such code"):
        bench.enrol(first, device_key())
    assert bench.enrol(second, device_key())


def test_a_device_that_joined_gets_no_other_bundle(bench: Any) -> None:
    bundle, _, _ = bench.joined()
    handed = bench.hand_out(bench.entry(bundle.device, bundle.household))
    assert (handed.outcome, handed.bundle) == (Handing.JOINED, None)


def test_a_device_whose_place_was_taken_gets_no_other_bundle(bench: Any) -> None:
    entry = bench.entry()
    bench.store.replace(Replacement(old=entry.device, new=METER, household=entry.household, at=bench.at))
    assert bench.hand_out(entry).outcome is Handing.REPLACED


def test_no_code_shows(bench: Any) -> None:
    bundle = bench.bundle()
    assert bundle.code.reveal() not in repr(bundle)
    assert bundle.code.reveal() not in str(bench.hand_out(bench.entry()))


def test_an_address_without_tls_is_a_fault(bench: Any, tmp_path: Path) -> None:
    with pytest.raises(Fault, match="device_url"):
        BundleMaker(
            bench.store,
            bench.authority.records,
            root="",
            centre_url="http://centre:5984",
            out=tmp_path,
            now=bench.now,
        )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("format = 1", "format = 2", "format"),
        ("https://", "http://", "centre_url"),
        ("device = ", "devise = ", "devise"),
        ("code = ", "code = 1 #", "code"),
        ("made = 20", "made = 30", "times contradict"),
        ("# The bundle", "The bundle", "cut off"),
    ],
)
def test_what_is_wrong_with_a_bundle_is_one_line_that_hides_the_code(
    bench: Any, old: str, new: str, said: str
) -> None:
    handed = bench.hand_out(bench.entry())
    code = read_bundle(handed.bundle).code.reveal()
    handed.bundle.write_text(handed.bundle.read_text().replace(old, new))
    with pytest.raises(Fault, match=said) as caught:
        read_bundle(handed.bundle)
    assert "\n" not in str(caught.value)
    assert code not in str(caught.value)


def test_a_bundle_cut_off_anywhere_is_a_fault_or_says_the_same(bench: Any) -> None:
    handed = bench.hand_out(bench.entry())
    text = handed.bundle.read_text()
    whole = read_bundle(handed.bundle)
    for end in range(0, len(text) - 1, 7):
        handed.bundle.write_text(text[:end])
        try:
            assert read_bundle(handed.bundle) == whole
        except Fault:
            continue


def test_a_file_that_is_no_bundle_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="cannot be read"):
        read_bundle(tmp_path / "none")
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    with pytest.raises(Fault, match="no device's bundle"):
        read_bundle(tmp_path / "binary")
    (tmp_path / "large").write_text("x" * 300_000)
    with pytest.raises(Fault, match="too large"):
        read_bundle(tmp_path / "large")


def test_what_became_of_a_bundle_is_said_in_words(bench: Any) -> None:
    handed = bench.hand_out(bench.entry())
    assert to_rfc3339(handed.expires) in handed.in_words()
    assert handed.to_json()["outcome"] == "made"


def test_a_private_file_is_never_overwritten_where_that_is_not_wanted(tmp_path: Path) -> None:
    path = tmp_path / "key"
    assert write_private(path, "first", replace=False)
    assert not write_private(path, "second", replace=False)
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path], "nothing half-written stays behind"


def test_a_folder_that_cannot_be_made_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Fault, match="cannot be written"):
        write_private(tmp_path / "file" / "key", "x")
