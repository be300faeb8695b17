"""Connections to the centre begin with the certificate that stands in its file now."""

import os
from pathlib import Path

import pytest

from couch.secret import Secret
from couch.settings import Account
from edge.links import CentreConnection, Links
from edge.settings import CentreSettings, DeviceSettings, LocalSettings

DEVICE = "22222222-2222-4222-8222-222222222222"
ACCOUNT = Account("agent", Secret("x"))


def links(folder: Path) -> Links:
    local = LocalSettings(
        url="http://127.0.0.1:5984", admin=ACCOUNT, agent=ACCOUNT, page=ACCOUNT, pull=ACCOUNT, push=ACCOUNT
    )
    centre = CentreSettings(
        url="https://centre.example.org:6984",
        ca_file=folder / "ca.pem",
        certificate_file=folder / "device.pem",
        key_file=folder / "device.key",
    )
    return Links(DeviceSettings(device=DEVICE, household=DEVICE, local=local, centre=centre))


def test_a_renewed_certificate_ends_the_connections_of_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "device.pem").write_text("old")
    connection = CentreConnection(links(tmp_path))
    closed: list[bool] = []
    server = connection.database().server
    monkeypatch.setattr(server.transport, "close", lambda: closed.append(True))
    connection.database()
    assert closed == []
    (tmp_path / "new").write_text("new")
    (tmp_path / "new").replace(tmp_path / "device.pem")
    connection.database()
    connection.database()
    assert closed == [True]


def test_a_file_that_is_away_for_a_moment_is_left_to_the_request_to_tell(tmp_path: Path) -> None:
    (tmp_path / "device.pem").write_text("old")
    connection = CentreConnection(links(tmp_path))
    os.unlink(tmp_path / "device.pem")
    assert connection.database().name == f"household-{DEVICE}"


def test_over_tls_the_local_engine_shows_who_we_are(tmp_path: Path) -> None:
    endpoint = links(tmp_path).centre_site().endpoint()
    assert endpoint == {"url": f"https://centre.example.org:6984/household-{DEVICE}"}
