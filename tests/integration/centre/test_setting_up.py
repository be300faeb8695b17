"""Setting up the centre, again and again; accounts; the worker's command."""

import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from anonymizer.service import run_worker
from couch.client import Server
from couch.errors import AccessDenied, CouchError, Fault
from couch.names import REGISTRY, RESEARCH
from provisioning.centre_setup import set_up_centre
from provisioning.commands import centre as commands


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


def test_the_worker_s_command_catches_up(centre: Any, config: Path) -> None:
    household = centre.household()
    said: list[str] = []
    run_worker(config, {}, threading.Event(), once=True, ready=said.append)
    assert said == [centre.settings.url]
    assert centre.summary(household)["name"] == "Ada Lovelace"
