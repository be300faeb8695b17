"""The names that the centre's pages answer to."""

from pathlib import Path

import pytest

from couch.secret import SettingsError
from webapp.centre import own_names
from webapp.settings import CentreWebSettings, load_centre_web

COUCHDB = '[couchdb]\nurl = "http://127.0.0.1:9"\nuser = "pages"\npassword = "x"\n'


def settings(folder: Path, text: str) -> CentreWebSettings:
    file = folder / "centre_web.toml"
    file.touch(0o600)
    file.write_text(text + COUCHDB)
    return load_centre_web(file, {})


def test_the_host_of_the_address_is_one_of_the_names(tmp_path: Path) -> None:
    found = settings(tmp_path, 'names = ["a.example"]\naddress = "https://Centre.example:8443"\n')
    assert own_names(found) == ("a.example", "centre.example")
    assert own_names(settings(tmp_path, "")) == ()


def test_files_lie_beside_the_settings(tmp_path: Path) -> None:
    assert settings(tmp_path, "").accounts_file == tmp_path / "accounts.sqlite"
    assert settings(tmp_path, 'accounts_file = "/var/lib/a"\n').accounts_file == Path("/var/lib/a")


@pytest.mark.parametrize(
    "line",
    [
        'address = "centre.example"',
        'address = "https://centre.example/path"',
        'address = "https://user:pw@centre.example"',
        'trusted_proxy = "*"',
        'trusted_proxy = "proxy.example"',
        "session_idle_s = 5",
        "session_s = 99999999",
        "reset_s = 0",
    ],
)
def test_what_would_open_a_door_too_wide_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(SettingsError, match=line.partition(" ")[0]):
        settings(tmp_path, line + "\n")
