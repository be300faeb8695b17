"""The commands as people type them: `survey household copy`, `correct` and `erase`."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from survey import cli


@pytest.fixture
def run(centre: Any, tmp_path: Path) -> Any:
    """`run("copy", uuid, ...)` with the settings of the running centre."""
    settings = centre.settings
    config = tmp_path / "centre.toml"
    config.write_text(
        f'url = "{settings.url}"\npseudonym_key = "{settings.pseudonym_key}"\n'
        f'[admin]\nuser = "{settings.admin.user}"\npassword = "{settings.admin.password.reveal()}"\n'
        f'[worker]\nuser = "{settings.worker.user}"\npassword = "{settings.worker.password.reveal()}"\n'
    )
    config.chmod(0o600)

    def command(name: str, *arguments: str, typed: str | None = None) -> Result:
        done = CliRunner().invoke(cli, ["household", name, *arguments, "--config", str(config)], input=typed)
        assert done.exit_code == 0, (done.output, done.exception)
        return done

    return command


def test_from_a_copy_over_a_correction_to_the_erasure(
    centre: Any, measured: Any, run: Any, tmp_path: Path
) -> None:
    out = tmp_path / "copy"
    said = json.loads(run("copy", measured.uuid, "--out", str(out), "--json").stdout)
    assert {file["name"] for file in said["files"]} == {file.name for file in out.iterdir()}

    correction = tmp_path / "correction.toml"
    correction.write_text('[contact]\nemail = "lovelace@example.org"\n')
    said = run("correct", measured.uuid, str(correction)).stdout
    assert "corrected: registration" in said
    assert "certificates get the new email" in said
    assert centre.summary(measured)["email"] == "lovelace@example.org"

    typed = f"{measured.uuid}\n"
    said = json.loads(
        run("erase", measured.uuid, "--yes-erase-everything", "--json", typed=typed).stdout.splitlines()[-1]
    )
    assert said["household"] == measured.uuid
    assert said["devices_to_confirm"] == [measured.device]
    assert centre.context(measured) is None
