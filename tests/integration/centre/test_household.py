"""Setting up the centre and creating households, interrupted anywhere and started again."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from anonymizer.service import run_worker
from couch.bootstrap import security_consent
from couch.client import Server
from couch.documents import ConsentState
from couch.errors import AccessDenied, CouchError, Fault
from couch.names import REGISTRY, RESEARCH, household_database
from edge.settings import load_settings
from provisioning.centre_setup import set_up_centre
from provisioning.commands import centre as commands
from provisioning.household_creation import CreatedHousehold, create_household
from provisioning.household_file import read_household_file

HOME = """
[contact]
name = "Ada Example"
email = "ada@example.org"
[address]
street = "Musterweg"
postal_code = "24103"
city = "Kiel"
[metadata]
children = 1
adults = 2
adults_with_job = 2
ev_charger = true
heat_pump = false
home_battery = true
[[devices]]
name = "cellar"
[[meters]]
name = "grid"
device = "cellar"
meter_type = "ELECTRICITY"
model = "MT175"
head = "sim://grid?seed=1"
"""


class Interrupted(Exception):
    """A power failure, right after a step."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "home.toml"
    path.write_text(HOME)
    return path


@pytest.fixture
def config(centre: Any, tmp_path: Path) -> Path:
    """The centre's settings as a file."""
    settings = centre.settings
    path = tmp_path / "centre.toml"
    path.write_text(
        f'url = "{settings.url}"\npseudonym_key = "{settings.pseudonym_key}"\n'
        f'[admin]\nuser = "{settings.admin.user}"\npassword = "{settings.admin.password.reveal()}"\n'
        f'[worker]\nuser = "{settings.worker.user}"\npassword = "{settings.worker.password.reveal()}"\n'
    )
    path.chmod(0o600)
    return path


def create(centre: Any, home: Path, **options: Any) -> CreatedHousehold:
    created = create_household(
        home,
        read_household_file(home),
        admin=centre.admin,
        worker=centre.worker,
        device_url=centre.settings.url,
        out=home.parent / "devices",
        **options,
    )
    remember(centre, created.ids.household, *created.ids.devices.values())
    return created


def remember(centre: Any, household: str, *devices: str) -> None:
    """So that it is removed after the tests."""
    centre.households.append(household_database(household))
    centre.accounts += [f"device-{device}" for device in devices]


def test_a_household_interrupted_after_any_step_is_completed_by_another_run(centre: Any, home: Path) -> None:
    steps: list[str] = []
    interrupt_at = 0

    def after_step(step: str) -> None:
        steps.append(step)
        if len(steps) == interrupt_at:
            raise Interrupted

    while True:
        interrupt_at += 1
        steps.clear()
        try:
            created = create(centre, home, after_step=after_step)
            break
        except Interrupted:
            continue
    assert interrupt_at > 6, "it was interrupted after every step"
    prefix = household_database(created.ids.household)
    assert centre.admin.database_names(prefix) == [prefix]
    assert created.left == ()
    device = Server(
        centre.settings.url,
        user=f"device-{created.devices[0].device}",
        password=load_settings(created.devices[0].settings, {}).centre.password.reveal(),
    )
    with device:
        database = device.database(prefix)
        ids = [doc_id for doc_id, _ in database.rows()]
        assert len(ids) == 3
        assert security_consent(database.security()) is ConsentState.NOT_GRANTED


def test_the_device_s_settings_are_what_the_agent_reads(centre: Any, home: Path) -> None:
    created = create(centre, home)
    settings = load_settings(created.devices[0].settings, {})
    assert settings.household == created.ids.household
    assert [meter.head for meter in settings.meters] == ["sim://grid?seed=1"]


def test_what_a_researcher_corrected_is_left_as_it_stands(centre: Any, home: Path) -> None:
    created = create(centre, home)
    database = centre.worker.database(household_database(created.ids.household))
    corrected = database.get("registration")
    corrected["address"]["city"] = "Plön"
    database.put(corrected)
    again = create(centre, home)
    assert (again.written, again.left) == (0, ("registration",))
    assert database.get("registration")["address"]["city"] == "Plön"


def test_a_second_run_keeps_passwords_and_consent(centre: Any, home: Path) -> None:
    created = create(centre, home)
    before = created.devices[0].settings.read_text()
    name = household_database(created.ids.household)
    security = centre.admin.database(name).security()
    centre.admin.database(name).set_security({**security, "consent": {"state": "granted", "erased": False}})
    create(centre, home)
    assert created.devices[0].settings.read_text() == before
    assert security_consent(centre.admin.database(name).security()) is ConsentState.GRANTED


def test_a_file_with_faults_creates_nothing(centre: Any, home: Path, config: Path) -> None:
    before = centre.admin.database_names("household-")
    home.write_text(HOME.replace("ada@example.org", "ada"))
    result = CliRunner().invoke(commands, ["add-household", str(home), "--config", str(config)])
    assert isinstance(result.exception, Fault)
    assert centre.admin.database_names("household-") == before
    assert sorted(path.name for path in home.parent.iterdir()) == ["centre.toml", "home.toml"]


def test_the_command_tells_scripts_what_it_made(centre: Any, home: Path, config: Path) -> None:
    result = CliRunner().invoke(
        commands, ["add-household", str(home), "--config", str(config), "--json"], catch_exceptions=False
    )
    told = json.loads(result.output)
    remember(centre, told["household"], *(device["device"] for device in told["devices"]))
    assert Path(told["devices"][0]["settings"]).exists()
    assert told["meters"].keys() == {"grid"}


def test_setting_up_again_changes_nothing(centre: Any, config: Path) -> None:
    key = centre.settings.pseudonym_key.read_text()
    before = {name: centre.admin.database(name).info()["update_seq"] for name in (REGISTRY, RESEARCH)}
    CliRunner().invoke(commands, ["init", "--config", str(config)], catch_exceptions=False)
    assert centre.settings.pseudonym_key.read_text() == key
    assert {name: centre.admin.database(name).info()["update_seq"] for name in before} == before


def test_a_lost_key_is_never_replaced_while_research_holds_data(centre: Any) -> None:
    key = centre.settings.pseudonym_key
    aside = key.with_suffix(".aside")
    centre.worker.database(RESEARCH).put_once({"_id": "context:test", "type": "context"})
    key.rename(aside)
    try:
        with pytest.raises(Fault, match="Restore the file"):
            set_up_centre(centre.settings, centre.admin)
        assert not key.exists()
    finally:
        aside.rename(key)


def test_an_account_is_made_with_its_roles_and_changed_by_another_run(
    centre: Any, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["account", "grace", "--role", "researcher", "--role", "analyst", "--config", str(config)]
    monkeypatch.setenv("SURVEY_ACCOUNT_PASSWORD", "a long enough password")
    centre.accounts.append("grace")
    CliRunner().invoke(commands, arguments, catch_exceptions=False)
    with Server(centre.settings.url, user="grace", password="a long enough password") as grace:
        assert set(grace.session().roles) == {"researcher", "analyst"}
        assert grace.database(RESEARCH).exists()
    monkeypatch.setenv("SURVEY_ACCOUNT_PASSWORD", "another long password")
    CliRunner().invoke(commands, arguments, catch_exceptions=False)
    with (
        Server(centre.settings.url, user="grace", password="a long enough password") as grace,
        pytest.raises(AccessDenied),
    ):
        grace.session()


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("Grace", "a long enough password", "lower-case"),
        ("worker", "a long enough password", "system"),
        ("device-1", "a long enough password", "system"),
        ("grace", "short", "12 characters"),
    ],
)
def test_an_account_that_will_not_do_is_a_fault(
    name: str, password: str, said: str, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SURVEY_ACCOUNT_PASSWORD", password)
    result = CliRunner().invoke(commands, ["account", name, "--role", "analyst", "--config", str(config)])
    assert isinstance(result.exception, Fault)
    assert said in str(result.exception)


def test_a_wrong_password_of_the_worker_is_said_and_nothing_is_done(config: Path) -> None:
    config.write_text(
        config.read_text().replace('user = "worker"\npassword = "', 'user = "worker"\npassword = "x')
    )
    with pytest.raises(CouchError, match="password"):
        run_worker(config, {}, threading.Event(), once=True, ready=lambda _url: None)


def test_a_centre_that_was_never_set_up_is_a_fault(centre: Any, config: Path) -> None:
    text = config.read_text()
    config.write_text(
        text.replace('[worker]\nuser = "worker"', '[worker]\nuser = "admin"').replace(
            centre.settings.worker.password.reveal(), centre.settings.admin.password.reveal()
        )
    )
    with pytest.raises(Fault, match="survey centre init"):
        run_worker(config, {}, threading.Event(), once=True, ready=lambda _url: None)


def test_the_worker_s_command_catches_up(centre: Any, home: Path, config: Path) -> None:
    created = create(centre, home)
    said: list[str] = []
    run_worker(config, {}, threading.Event(), once=True, ready=said.append)
    assert said == [centre.settings.url]
    summary = centre.worker.database(REGISTRY).get(f"household:{created.ids.household}")
    assert summary["name"] == "Ada Example"
