"""The participant's page as a real process over a real database, in the role that it has on a device."""

import io
import json
import re
import socket
import stat
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from couch.bootstrap import document_consent, ensure_database, replica_security
from couch.client import Database, Server
from couch.documents import Consent, ConsentState, Meter, Report
from couch.names import replica_database
from couch.settings import Account, Endpoint
from couch.transmission_note import TransmissionNote, write_note
from webapp.participant.reports import LONGEST


@dataclass
class OnDevice:
    """A device with its replica and the settings of its page."""

    device: str
    replica: Database
    config: Path

    def write(self, endpoint: Endpoint, account: Account, *, port: int = 0) -> None:
        self.config.touch(0o600)
        self.config.write_text(
            f"""device = "{self.device}"
household = "{uuid.uuid4()}"
port = {port}
names = ["survey.home"]
timeout_s = 2
[local]
url = "{endpoint.url}"
user = "{account.user}"
password = "{account.password.reveal()}"
"""
        )


@pytest.fixture
def on_device(
    tmp_path: Path,
    couch_server: Server,
    couch_admin: Endpoint,
    role_account: Callable[..., Account],
    fresh_name: Callable[..., str],
) -> OnDevice:
    name = fresh_name("replica")
    replica = ensure_database(couch_server, name, "replica", replica_security())
    here = OnDevice(name.removeprefix("replica-"), replica, tmp_path / "page.toml")
    assert replica_database(here.device) == name
    here.write(couch_admin, role_account("page"))
    return here


@pytest.fixture
def participant(on_device: OnDevice, serving: Any, run_survey: Any) -> Any:
    """A browser that is signed in with the code that `--new-code` printed."""
    made = run_survey("edge", "page", "--config", on_device.config, "--new-code")
    code = made.stdout.strip()
    stored = on_device.config.with_name("household-code.hash")
    assert code not in stored.read_text()
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    browser = serving("edge", "page", "--config", on_device.config)
    browser.get("/sign-in")
    assert browser.send("/sign-in", code=code.lower()).url.endswith("/overview")
    return browser


def test_a_participant_grants_and_later_revokes(participant: Any, on_device: OnDevice) -> None:
    participant.get("/consent/granted")
    assert "granted" in participant.send("/consent/granted", sure="yes").text
    stored = Consent.from_json(on_device.replica.get("consent:granted"))
    assert (stored.by.role, stored.by.device) == ("participant", on_device.device)
    participant.get("/consent/revoked")
    participant.send("/consent/revoked", sure="yes")
    assert document_consent(on_device.replica) is ConsentState.REVOKED


def test_measurements_and_meters_are_read_from_the_replica(
    participant: Any,
    on_device: OnDevice,
    couch_admin: Endpoint,
    role_account: Callable[..., Account],
) -> None:
    meter = Meter(meter=str(uuid.uuid4()), meter_type="ELECTRICITY", model="MT175")
    account = role_account("pull")
    with Server(couch_admin.url, user=account.user, password=account.password.reveal()) as server:
        server.database(on_device.replica.name).put(meter.to_json())
    assert "MT175" in participant.get("/registration").text
    assert participant.get("/overview").status_code == 200


def test_a_report_is_taken_by_the_rules_once_and_its_way_to_the_centre_is_told(
    participant: Any, on_device: OnDevice
) -> None:
    participant.get("/registration/reports")
    form = re.search(r'name="form" value="([^"]+)"', participant.page)
    assert form is not None
    text = "😀" * (LONGEST // 2)  # as long as the rules allow, counted their way
    for _ in range(2):
        shown = participant.send("/registration/reports", form=form[1], text=text)
        assert shown.url.endswith("?done=recorded")
        assert "waits for a connection" in shown.text
    (stored,) = [
        Report.from_json(doc) for doc in on_device.replica.documents(start="report:", end="report:~")
    ]
    assert stored.text == text
    passed = on_device.replica.changes("now", limit=1, include_docs=False).last_seq
    write_note(on_device.replica, TransmissionNote(decided=passed))  # as the agent does after a push
    assert "waits for a connection" not in participant.get("/registration/reports").text
    participant.get("/consent/granted")
    page = participant.send("/consent/granted", sure="yes").text
    assert "not yet: it is sent as soon as" in page
    assert "not yet" in participant.get("/consent/granted/receipt").text


def test_the_copy_holds_every_document_of_the_replica(
    participant: Any, on_device: OnDevice, couch_admin: Endpoint, role_account: Callable[..., Account]
) -> None:
    account = role_account("pull")
    meters = [Meter(meter=str(uuid.uuid4()), meter_type="ELECTRICITY", model="MT175") for _ in range(250)]
    with Server(couch_admin.url, user=account.user, password=account.password.reveal()) as server:
        server.database(on_device.replica.name).bulk([meter.to_json() for meter in meters])
    participant.get("/consent/granted")
    participant.send("/consent/granted", sure="yes")
    answer = participant.http.get(participant.base + "/data/copy.zip", timeout=30)
    assert answer.headers["Content-Type"] == "application/zip"
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    found = [
        json.loads(line)["_id"]
        for name in packed.namelist()
        if name.endswith(".jsonl")
        for line in packed.read(name).splitlines()
    ]
    assert sorted(found) == sorted(doc_id for doc_id, _rev in on_device.replica.rows())


def test_the_page_needs_little_memory(participant: Any) -> None:
    for _ in range(5):
        for path in ("/overview", "/measurements", "/consent", "/registration", "/data"):
            participant.get(path)
        participant.http.get(participant.base + "/data/copy.zip", timeout=30)
    resident = psutil.Process(participant.pid).memory_info().rss
    assert resident < 60_000_000, f"{resident / 1e6:.1f} MB"


def test_without_its_database_the_page_answers_kindly(
    on_device: OnDevice, serving: Any, run_survey: Any, role_account: Callable[..., Account]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, never answers
        gone = Endpoint(f"http://127.0.0.1:{silent.getsockname()[1]}", "", role_account("page").password)
        on_device.write(gone, role_account("page"))
        code = run_survey("edge", "page", "--config", on_device.config, "--new-code").stdout.strip()
        browser = serving("edge", "page", "--config", on_device.config)
        browser.get("/sign-in")
        answer = browser.send("/sign-in", code=code)
    assert answer.status_code == 503
    assert "is not lost" in answer.text


def test_a_new_code_holds_at_once_and_ends_the_sessions_of_the_old_one(
    participant: Any, on_device: OnDevice, run_survey: Any
) -> None:
    fresh = run_survey("edge", "page", "--config", on_device.config, "--new-code").stdout.strip()
    assert participant.get("/overview").url.endswith("/sign-in")
    assert participant.send("/sign-in", code=fresh).url.endswith("/overview")


def test_a_code_in_the_settings_cannot_be_renewed_by_a_file(
    on_device: OnDevice, run_survey: Any, fault_line: Any
) -> None:
    config = on_device.config
    config.write_text('household_code_hash = "scrypt:1:1:1$a$b"\n' + config.read_text())
    assert "household_code_hash" in fault_line(run_survey("edge", "page", "--config", config, "--new-code"))
    assert not config.with_name("household-code.hash").exists()


def test_a_code_that_others_can_read_and_a_wrong_network_are_refused(
    on_device: OnDevice, run_survey: Any, fault_line: Any
) -> None:
    config = on_device.config
    run_survey("edge", "page", "--config", config, "--new-code")
    config.with_name("household-code.hash").chmod(0o644)
    assert "chmod 600" in fault_line(run_survey("edge", "page", "--config", config))
    config.write_text('home_networks = ["home"]\n' + config.read_text())
    assert "'home'" in fault_line(run_survey("edge", "page", "--config", config))


def test_a_port_in_use_is_one_clear_line(
    on_device: OnDevice,
    run_survey: Any,
    fault_line: Any,
    couch_admin: Endpoint,
    role_account: Callable[..., Account],
) -> None:
    run_survey("edge", "page", "--config", on_device.config, "--new-code")
    with socket.create_server(("127.0.0.1", 0)) as other:
        on_device.write(couch_admin, role_account("page"), port=other.getsockname()[1])
        line = fault_line(run_survey("edge", "page", "--config", on_device.config))
    assert "already in use" in line
    assert "port" in line


def test_a_missing_code_or_config_is_one_clear_line(
    on_device: OnDevice, run_survey: Any, fault_line: Any, tmp_path: Path
) -> None:
    assert "--new-code" in fault_line(run_survey("edge", "page", "--config", on_device.config))
    assert "nowhere.toml" in fault_line(run_survey("edge", "page", "--config", tmp_path / "nowhere.toml"))
