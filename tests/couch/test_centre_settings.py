"""The settings that the centre's programs share."""

from pathlib import Path

import pytest

from couch.centre_settings import load_centre_settings
from couch.settings import SettingsError

GOOD = """
url = "http://127.0.0.1:5984"
pseudonym_key = "secrets/pseudonym.key"
[admin]
user = "admin"
password = "the admin's"
[worker]
user = "worker"
password = "the worker's"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "centre.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_a_relative_path_starts_at_the_file_s_folder(tmp_path: Path) -> None:
    settings = load_centre_settings(written(tmp_path, GOOD), {})
    assert settings.pseudonym_key == tmp_path / "secrets" / "pseudonym.key"


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    environ = {"SURVEY_CENTRE_URL": "http://centre:5984", "SURVEY_CENTRE_WORKER__PASSWORD": "another"}
    settings = load_centre_settings(written(tmp_path, GOOD), environ)
    assert settings.url == "http://centre:5984"
    assert settings.worker.password.reveal() == "another"


def test_all_faults_are_said_at_once_and_no_password_shows(tmp_path: Path) -> None:
    text = GOOD.replace("http://127", "127").replace("pseudonym_key", "pseudonym_kye")
    text = "tries = 0\n" + text
    with pytest.raises(SettingsError) as caught:
        load_centre_settings(written(tmp_path, text), {})
    for part in ("url", "pseudonym_kye", "pseudonym_key is missing", "tries"):
        assert part in str(caught.value)
    assert "the admin's" not in str(caught.value)


def test_no_password_shows_in_the_settings(tmp_path: Path) -> None:
    assert "the admin's" not in repr(load_centre_settings(written(tmp_path, GOOD), {}))
