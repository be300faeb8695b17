"""A device's settings files: private, complete, and their passwords never lost."""

import tomllib
from pathlib import Path

import pytest

from couch.errors import Fault
from couch.secret import Secret
from provisioning.device_bundle import LOCAL_ACCOUNTS, DeviceBundle, kept_passwords, write_bundle
from provisioning.household_file import MeterEntry
from provisioning.private_files import write_private

DEVICE = "22222222-2222-4222-8222-222222222222"
METER = "44444444-4444-4444-8444-444444444444"


def bundle() -> DeviceBundle:
    head = 'sim://grid?name="odd"\\'
    return DeviceBundle(
        device=DEVICE,
        household="11111111-1111-4111-8111-111111111111",
        centre_url="http://centre:5984",
        centre_password=Secret("centre-secret"),
        local_url="http://127.0.0.1:5984",
        local_passwords={name: Secret(f"{name}-secret") for name in LOCAL_ACCOUNTS},
        meters=[(METER, MeterEntry(name="grid", meter_type="ELECTRICITY", model="EHZ", head=head))],
    )


def test_the_agent_s_settings_are_complete(tmp_path: Path) -> None:
    table = tomllib.loads(write_bundle(tmp_path / "bundle", bundle()).read_text())
    assert table["device"] == DEVICE
    assert table["centre"] == {
        "url": "http://centre:5984",
        "user": f"device-{DEVICE}",
        "password": "centre-secret",
    }
    assert table["local"]["agent"] == {"user": "agent", "password": "agent-secret"}
    assert table["meters"] == [{"meter": METER, "head": 'sim://grid?name="odd"\\', "protocol": "sml"}]


def test_the_page_s_settings_hold_the_page_s_password_alone(tmp_path: Path) -> None:
    write_bundle(tmp_path, bundle())
    text = (tmp_path / "page.toml").read_text()
    assert tomllib.loads(text)["local"]["user"] == "page"
    assert "agent-secret" not in text
    assert "centre-secret" not in text


def test_only_the_owner_may_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    write_bundle(folder, bundle())
    assert [path.stat().st_mode & 0o777 for path in sorted(folder.iterdir())] == [0o600, 0o600]
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_second_run_finds_the_passwords(tmp_path: Path) -> None:
    assert kept_passwords(tmp_path) == {}
    write_bundle(tmp_path, bundle())
    kept = kept_passwords(tmp_path)
    assert kept["centre"].reveal() == "centre-secret"
    assert kept["pull"].reveal() == "pull-secret"


def test_settings_that_are_no_longer_readable_are_a_fault(tmp_path: Path) -> None:
    (tmp_path / "device.toml").write_text("device = 1")
    with pytest.raises(Fault, match="Restore it"):
        kept_passwords(tmp_path)


def test_no_password_shows(tmp_path: Path) -> None:
    assert "secret" not in repr(bundle())


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
