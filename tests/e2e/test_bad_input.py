"""Bad input: one clear line saying what, why and what to do; exit status 2; nothing half-written."""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest


def survey(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SURVEY_")}
    return subprocess.run(
        [sys.executable, "-m", "survey", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**clean, **environ},
        stdin=subprocess.DEVNULL,
    )


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """It ended with 2 and said so in one line that holds `words`."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    for word in words:
        assert word.lower() in lines[0].lower(), lines[0]


CENTRE = """\
url = "{url}"
pseudonym_key = "key"
[admin]
user = "admin"
password = "x"
[worker]
user = "w"
password = "y"
"""
WEB = '[couchdb]\nurl = "{url}"\nuser = "researcher"\npassword = "x"\n'
NOWHERE = "http://127.0.0.1:9"


def written(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return str(path)


@pytest.mark.parametrize(
    "command",
    [
        ("edge", "run"),
        ("edge", "init"),
        ("edge", "page"),
        ("anonymizer", "run"),
        ("centre", "init"),
        ("centre", "serve"),
    ],
)
def test_settings_that_are_not_there_are_named(command: Sequence[str], tmp_path: Path) -> None:
    refused(survey(*command, "--config", str(tmp_path / "none.toml")), "none.toml", "no such file")


def test_settings_that_are_no_toml_are_named_with_the_line(tmp_path: Path) -> None:
    config = written(tmp_path, "centre.toml", "url = \n")
    refused(survey("anonymizer", "run", "--config", config), "centre.toml", "line 1")


def test_all_faults_of_the_settings_are_told_at_once(tmp_path: Path) -> None:
    config = written(tmp_path, "centre.toml", 'url = "ftp://x"\ntries = 0\nnonsense = 1\n')
    refused(survey("anonymizer", "run", "--config", config), "url", "tries", "nonsense", "pseudonym_key")


def test_the_node_wants_an_administrator(tmp_path: Path) -> None:
    refused(survey("node", "--port", "0", "--data", str(tmp_path / "d")), "SURVEY_ADMIN_PASSWORD")
    assert not (tmp_path / "d").exists()


def test_the_node_wants_a_port(tmp_path: Path) -> None:
    done = survey("node", "--data", str(tmp_path / "d"), SURVEY_ADMIN_PASSWORD="pw")
    assert done.returncode == 2
    assert "port" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = survey("node", "--port", port, "--data", str(tmp_path / "d"), SURVEY_ADMIN_PASSWORD="pw")
    refused(done, port, "in use")


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, "file", "text")
    refused(survey("node", "--port", "0", "--data", file, SURVEY_ADMIN_PASSWORD="pw"), "file")
    assert Path(file).read_text() == "text"


def test_a_database_file_that_is_none_of_ours_is_left_alone(tmp_path: Path, world_of) -> None:
    world = world_of()
    world.centre.stop()
    data = world.folder / "centre" / "data"
    victim = next(
        path for path in sorted(data.rglob("*")) if path.is_file() and path.read_bytes()[:6] == b"SQLite"
    )
    for companion in victim.parent.glob(victim.name + "-*"):
        companion.unlink()
    victim.write_bytes(b"this is a letter to my grandmother" * 100)
    done = survey("node", "--port", "0", "--data", str(data), SURVEY_ADMIN_PASSWORD="pw")
    refused(done, victim.name)
    assert victim.read_bytes().startswith(b"this is a letter")


def test_an_unknown_household_file_is_refused_with_all_its_faults(tmp_path: Path) -> None:
    config = written(tmp_path, "centre.toml", CENTRE.format(url=NOWHERE))
    file = written(tmp_path, "home.toml", '[contact]\nname = ""\nemail = "nobody"\n')
    done = survey("household", "add", file, "--config", config)
    refused(done, "contact.name", "contact.email", "address", "Nothing was created")


def test_a_centre_that_does_not_answer_is_named(tmp_path: Path) -> None:
    config = written(tmp_path, "centre.toml", CENTRE.format(url=NOWHERE))
    refused(survey("centre", "init", "--config", config), "127.0.0.1:9")


def export(config: str, out: Path, begin: str = "2026-06-01", end: str = "2026-06-02", *more: str):
    return survey(
        "export",
        "--from",
        begin,
        "--to",
        end,
        "--format",
        "csv",
        "--out",
        str(out),
        "--config",
        config,
        *more,
    )


def test_dates_the_wrong_way_round_are_refused(tmp_path: Path) -> None:
    config = written(tmp_path, "web.toml", WEB.format(url=NOWHERE))
    refused(export(config, tmp_path / "out", "2026-06-02", "2026-06-01"), "2026-06-02")
    assert not (tmp_path / "out").exists()


def test_a_date_that_is_none_is_refused(tmp_path: Path) -> None:
    config = written(tmp_path, "web.toml", WEB.format(url=NOWHERE))
    done = export(config, tmp_path / "out", "yesterday")
    assert done.returncode == 2
    assert "yesterday" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_at_a_running_centre_every_mistake_has_its_line(tmp_path: Path, world_of) -> None:
    world = world_of()
    config = str(world.centre.web_config)
    refused(
        export(config, tmp_path / "out1", "2026-06-01", "2026-06-02", "--household", "f" * 32), "household"
    )
    assert not (tmp_path / "out1").exists()

    refused(export(config, Path("/proc/nowhere")), "/proc/nowhere")

    wrong = written(tmp_path, "web.toml", WEB.format(url=world.centre.url))
    refused(export(wrong, tmp_path / "out2"), "password")
    assert not (tmp_path / "out2").exists()

    data = str(world.folder / "centre" / "data")
    done = survey("node", "--port", "0", "--data", data, SURVEY_ADMIN_PASSWORD="pw")
    refused(done, data)


def test_a_truncated_capture_is_reported_as_what_it_is(tmp_path: Path) -> None:
    capture = tmp_path / "half.bin"
    capture.write_bytes(bytes.fromhex("1b1b1b1b01010101760500"))
    done = survey("edge", "decode", str(capture))
    assert "Traceback" not in done.stderr
    assert "0" in done.stdout or done.returncode == 2


def test_a_capture_that_is_not_there_is_named(tmp_path: Path) -> None:
    refused(survey("edge", "decode", str(tmp_path / "none.bin")), "none.bin")
