"""Settings: one file and the environment, checked as a whole."""

import json
import logging
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest

from couch.errors import Fault
from couch.settings import Account, Endpoint, Secret, SettingsError, load, secret_from_file

Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]


class Cycle(msgspec.Struct, frozen=True):
    pull_timeout_s: Seconds = 20.0
    tries: Annotated[int, msgspec.Meta(ge=1, le=9)] = 3


class Head(msgspec.Struct, frozen=True):
    meter: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{4}$", examples=["00ff"])]
    protocol: Literal["sml", "text_d"] = "sml"
    keep: tuple[str, ...] | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    centre: Endpoint
    cycle: Cycle = Cycle()
    heads: tuple[Head, ...] = ()
    folder: Path = Path("/var/lib/survey")
    quiet: bool = False
    admin_password: Annotated[
        Secret | None, msgspec.Meta(extra={"env": "SURVEY_ADMIN_PASSWORD"}, description="the password")
    ] = None

    def __post_init__(self) -> None:
        if self.quiet and not self.heads:
            raise ValueError("quiet makes no sense without heads")


GOOD = """
folder = "/data"
[centre]
url = "http://127.0.0.1:5984"
user = "agent"
password = "hunter2"
[cycle]
tries = 5
[[heads]]
meter = "00aa"
[[heads]]
meter = "00bb"
protocol = "text_d"
keep = ["0100010800ff"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "device.toml"
    path.touch(0o600)
    path.write_text(GOOD)
    return path


def test_a_file_becomes_a_frozen_value(file: Path) -> None:
    settings = load(Settings, file=file, environ={}, prefix="EDGE")
    assert settings.centre == Endpoint("http://127.0.0.1:5984", "agent", Secret("hunter2"))
    assert settings.cycle == Cycle(tries=5)
    assert settings.heads == (Head("00aa"), Head("00bb", "text_d", ("0100010800ff",)))
    assert settings.folder == Path("/data")
    with pytest.raises(AttributeError):
        settings.quiet = True  # type: ignore[misc]


def test_the_environment_overrides_the_file(file: Path) -> None:
    environ = {
        "SURVEY_EDGE_FOLDER": "/elsewhere",
        "SURVEY_EDGE_QUIET": "true",
        "SURVEY_EDGE_CENTRE__PASSWORD": "12345",
        "SURVEY_EDGE_CYCLE__PULL_TIMEOUT_S": "7.5",
        "SURVEY_EDGE_HEADS__1__METER": "00cc",
        "SURVEY_EDGE_HEADS__2__METER": "00dd",
        "SURVEY_EDGE_HEADS__2__KEEP": "a, b",
        "SURVEY_ADMIN_PASSWORD": "top",
    }
    settings = load(Settings, file=file, environ=environ, prefix="EDGE")
    assert settings.folder == Path("/elsewhere")
    assert settings.quiet is True
    assert settings.centre.password.reveal() == "12345"
    assert settings.cycle == Cycle(7.5, 5)
    assert [head.meter for head in settings.heads] == ["00aa", "00cc", "00dd"]
    assert settings.heads[2].keep == ("a", "b")
    assert settings.admin_password is not None
    assert settings.admin_password.reveal() == "top"


def test_the_environment_alone_is_enough() -> None:
    environ = {f"SURVEY_CENTRE__{key}": "http://localhost:1" for key in ("URL", "USER", "PASSWORD")}
    settings = load(Settings, file=None, environ=environ, prefix="")
    assert settings.centre.user == "http://localhost:1"


def test_every_fault_is_reported_at_once(tmp_path: Path) -> None:
    file = tmp_path / "device.toml"
    file.write_text(
        """
        folder = 5
        colour = "red"
        [centre]
        user = "agent"
        password = 12345
        [cycle]
        pull_timeout_s = 0
        tries = "many"
        [[heads]]
        meter = "nonsense"
        [[heads]]
        protocol = "morse"
        port = 1
        """
    )
    with pytest.raises(SettingsError) as caught:
        load(Settings, file=file, environ={"SURVEY_EDGE_QUIET": "perhaps"}, prefix="EDGE")
    said = str(caught.value)
    for part in (
        str(file),
        "11 faults",
        "folder is 5: it must be a path, for example",
        "colour is unknown",
        'centre.url is missing: a text, for example "http://127.0.0.1:5984"',
        "cycle.pull_timeout_s is 0: it must be a number above 0, at most 3600, for example 20.0",
        "cycle.tries is 'many': it must be a whole number at least 1, at most 9, for example 3",
        "heads[0].meter is 'nonsense': it must be a text of the form ^[0-9a-f]{4}$, for example \"00ff\"",
        "heads[1].meter is missing",
        "heads[1].protocol is 'morse': it must be one of sml, text_d, for example \"sml\"",
        "heads[1].port is unknown: remove it, or use one of meter, protocol, keep",
        "SURVEY_EDGE_QUIET is 'perhaps': it must be true or false, for example false",
        "centre.password is (hidden): it must be a secret text",
    ):
        assert part in said
    assert "12345" not in said
    assert "\n" not in said


def test_a_contradiction_of_fields_is_a_fault(file: Path) -> None:
    file.write_text(GOOD.partition("[[heads]]")[0])
    with pytest.raises(SettingsError, match="quiet makes no sense without heads"):
        load(Settings, file=file, environ={"SURVEY_EDGE_QUIET": "1"}, prefix="EDGE")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "no such file"),
        (b"[centre", "not valid TOML"),
        (b"folder = '\xff'", "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_clear_line(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    file = tmp_path / "device.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=why) as caught:
        load(Settings, file=file, environ={}, prefix="EDGE")
    assert str(file) in str(caught.value)
    assert isinstance(caught.value, Fault)


def test_tables_where_values_belong_are_faults(tmp_path: Path) -> None:
    file = tmp_path / "device.toml"
    file.write_text('centre = "http://x"\nheads = "none"\n')
    with pytest.raises(SettingsError) as caught:
        load(Settings, file=file, environ={}, prefix="EDGE")
    assert "centre is 'http://x': it must be a table" in str(caught.value)
    assert "heads is 'none': it must be an array of tables" in str(caught.value)


def test_a_secret_does_not_show(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret("hunter2")
    account = Account("agent", secret)
    logging.getLogger("test").warning("%s %r %s", secret, secret, account)
    shown = f"{secret} {secret!r} {secret:>20} {account} {account!r} {[secret]} {secret!s} {caplog.text}"
    assert "hunter2" not in shown
    assert secret.reveal() == "hunter2"
    assert type(secret.reveal()) is str
    assert secret == "hunter2"
    assert json.loads(json.dumps({"password": secret.reveal()})) == {"password": "hunter2"}


def test_a_secret_comes_from_a_file_that_only_its_owner_can_read(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("hunter2\n")
    path.chmod(0o600)
    assert secret_from_file(path).reveal() == "hunter2"
    path.chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600") as caught:
        secret_from_file(path)
    assert "hunter2" not in str(caught.value)
    path.chmod(0o600)
    path.write_text("\n")
    with pytest.raises(SettingsError, match="is empty"):
        secret_from_file(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        secret_from_file(tmp_path / "absent")


def test_settings_may_name_the_file_of_a_secret(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("s3cret\n")
    path.chmod(0o600)
    file.write_text(GOOD.replace('"hunter2"', f'{{file = "{path}"}}'))
    assert load(Settings, file=file, environ={}, prefix="EDGE").centre.password.reveal() == "s3cret"
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="can be read by others"):
        load(Settings, file=file, environ={}, prefix="EDGE")


def test_an_endpoint_gives_a_client_that_hides_its_password() -> None:
    with Endpoint("http://127.0.0.1:5984", "agent", Secret("hunter2")).server(timeout_s=5) as server:
        assert server.url == "http://127.0.0.1:5984"
        assert "hunter2" not in repr(server)


def test_a_settings_file_with_passwords_that_others_can_read_is_refused(file: Path) -> None:
    file.chmod(0o644)
    with pytest.raises(SettingsError, match=f"chmod 600 {file}") as caught:
        load(Settings, file=file, environ={}, prefix="EDGE")
    assert "hunter2" not in str(caught.value)


def test_a_settings_file_whose_passwords_come_from_elsewhere_may_be_read(file: Path) -> None:
    file.write_text(GOOD.replace('"hunter2"', '""'))
    file.chmod(0o644)
    environ = {"SURVEY_EDGE_CENTRE__PASSWORD": "hunter2"}
    assert load(Settings, file=file, environ=environ, prefix="EDGE").centre.password.reveal() == "hunter2"
