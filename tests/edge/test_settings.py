"""device.toml: everything wrong is said at once, nothing secret is shown."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from couch.errors import Fault
from edge.centre_identity import identity_of
from edge.commands import edge
from edge.settings import load_settings

GOOD = """
device = "22222222-2222-4222-8222-222222222222"
household = "33333333-3333-4333-8333-333333333333"

[local]
url = "http://127.0.0.1:5984"
admin = { user = "admin", password = "one" }
agent = { user = "agent", password = "two" }
page = { user = "page", password = "three" }
pull = { user = "pull", password = "four" }
push = { user = "push", password = "five" }

[centre]
url = "https://centre.example:6984"
ca_file = "ca.pem"
certificate_file = "device.pem"
key_file = "/keys/device.key"

[[meters]]
meter = "11111111-1111-4111-8111-111111111111"
head = "serial:///dev/ttyUSB0"
"""
SECOND = """
[[meters]]
meter = "11111111-1111-4111-8111-222222222222"
head = "serial:///dev/ttyUSB0"
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "device.toml"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return file


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, GOOD), {})
    assert settings.meters[0].protocol == "sml"
    assert settings.cycle.pull_timeout_s == 20
    assert settings.transmission.reconcile_every_h == 24


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    environ = {"SURVEY_EDGE_LOCAL__AGENT__PASSWORD": "seven", "SURVEY_EDGE_CYCLE__PULL_TIMEOUT_S": "1.5"}
    settings = load_settings(write(tmp_path, GOOD), environ)
    assert settings.local.agent.password.reveal() == "seven"
    assert settings.cycle.pull_timeout_s == 1.5


def test_every_fault_is_reported_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("22222222-2222", "2222-2222").replace('head = "serial', 'heads = "serial')
    with pytest.raises(Fault) as caught:
        load_settings(write(tmp_path, text), {})
    assert "device" in str(caught.value)
    assert "meters[0].head" in str(caught.value)
    assert "two" not in str(caught.value)


def test_the_identity_s_files_are_taken_from_the_folder_of_the_settings(tmp_path: Path) -> None:
    centre = load_settings(write(tmp_path, GOOD), {}).centre
    assert (centre.certificate_file, centre.key_file) == (tmp_path / "device.pem", Path("/keys/device.key"))
    identity = identity_of(centre)
    assert identity is not None
    assert identity.ca == tmp_path / "ca.pem"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('key_file = "/keys/device.key"\n', "", "key_file"),
        ('ca_file = "ca.pem"', 'user = "device"\npassword = "six"', "no user"),
        ("https://centre.example:6984", "http://centre.example:6984", "TLS only"),
        ("https://centre.example:6984", "centre.example", "url"),
    ],
)
def test_the_centre_is_reached_over_mutual_tls_only(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(Fault, match=said) as caught:
        load_settings(write(tmp_path, GOOD.replace(old, new)), {})
    assert "six" not in str(caught.value)


def test_an_engine_on_this_machine_is_reached_by_an_account(tmp_path: Path) -> None:
    text = GOOD.replace("https://centre.example:6984", "http://127.0.0.1:5984").replace(
        'ca_file = "ca.pem"\ncertificate_file = "device.pem"\nkey_file = "/keys/device.key"\n',
        'user = "device"\npassword = "six"\n',
    )
    centre = load_settings(write(tmp_path, text), {}).centre
    assert (centre.user, identity_of(centre)) == ("device", None)


def test_a_head_reads_one_meter(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="a head reads one meter"):
        load_settings(write(tmp_path, GOOD + SECOND), {})


def test_a_meter_is_named_once(tmp_path: Path) -> None:
    twice = SECOND.replace("8111-222222222222", "8111-111111111111").replace("USB0", "USB1")
    with pytest.raises(Fault, match="keep one"):
        load_settings(write(tmp_path, GOOD + twice), {})


def test_a_wrong_head_is_a_fault_before_anything_starts(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD.replace("serial:///dev/ttyUSB0", "parallel://x"))
    result = CliRunner().invoke(edge, ["run", "--config", str(file)])
    assert isinstance(result.exception, Fault)


def test_a_malformed_survey_clock_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SURVEY_CLOCK", "noon")
    result = CliRunner().invoke(edge, ["run", "--config", str(write(tmp_path, GOOD))])
    assert isinstance(result.exception, Fault)
    assert "SURVEY_CLOCK" in str(result.exception)


@pytest.mark.parametrize("command", ["init", "join", "run", "status", "decode"])
def test_each_command_explains_itself_with_an_example(command: str) -> None:
    shown = CliRunner().invoke(edge, [command, "--help"]).output
    assert f"survey edge {command}" in shown
