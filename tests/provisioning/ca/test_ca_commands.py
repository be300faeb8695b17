"""`survey ca` as people and scripts call it."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from couch.certificate import read_certificate
from couch.errors import Fault
from provisioning.ca.commands import ca
from provisioning.ca.keys import new_key
from provisioning.ca.signing_request import new_signing_request

DEVICE = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c01"
HOUSEHOLD = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c02"
PHRASE = {"SURVEY_CA_PASSPHRASE": "correct horse battery staple", "SURVEY_CA_ROOT_PASSPHRASE": ""}
Run = Callable[..., Result]
Answer = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `survey ca ARGUMENTS --folder ...` with the pass phrase in the environment."""

    def ran(*arguments: object, env: dict[str, str] | None = None) -> Result:
        words = [str(argument) for argument in (*arguments, "--folder", tmp_path / "ca")]
        return CliRunner().invoke(ca, words, env=PHRASE if env is None else env)

    return ran


@pytest.fixture
def answer(run: Run) -> Answer:
    """The JSON that a command answers."""

    def answered(*arguments: object) -> Any:
        result = run(*arguments, "--json")
        assert result.exception is None, result.output
        return json.loads(result.output)

    return answered


@pytest.fixture
def made(answer: Answer, tmp_path: Path) -> Path:
    """A folder with an authority and a device's request beside it."""
    answer("init")
    (tmp_path / "device.csr").write_bytes(new_signing_request(new_key()))
    return tmp_path


def issue_device(made: Path, answer: Answer, *more: object) -> Any:
    who = ("--device", DEVICE, "--household", HOUSEHOLD, "--email", "ada@example.org")
    return answer("issue", "device", "--csr", made / "device.csr", *who, "--out", made / "out", *more)


def fault(result: Result) -> str:
    """The one line that the front door prints."""
    assert isinstance(result.exception, Fault)
    assert "\n" not in str(result.exception)
    return str(result.exception)


def test_init_says_what_is_where(answer: Answer, tmp_path: Path) -> None:
    told = answer("init")
    assert set(told) == {"folder", "root", "trust", "crl"}
    assert all(Path(path).exists() for path in told.values())


def test_a_device_gets_its_chain_in_a_private_file(made: Path, answer: Answer) -> None:
    told = issue_device(made, answer, "--scope", "consent", "--days", 7)
    facts = read_certificate(Path(told["chain"]).read_bytes())
    assert (facts.serial, facts.scopes) == (told["serial"], {"consent"})
    assert (facts.not_after - facts.not_before).days == 7
    assert Path(told["chain"]).stat().st_mode & 0o077 == 0


def test_a_farewell_must_be_said_to_be_one(made: Path, run: Run, answer: Answer) -> None:
    who = ("--csr", made / "device.csr", "--device", DEVICE, "--household", HOUSEHOLD, "--out", made / "out")
    assert "not erased" in fault(run("issue", "farewell", *who))
    assert not (made / "out").exists()
    told = answer("issue", "farewell", *who, "--erased")
    assert read_certificate(Path(told["chain"]).read_bytes()).farewell


def test_a_server_keeps_its_key_when_its_certificate_is_renewed(made: Path, answer: Answer) -> None:
    first = answer("issue", "server", "--dns", "localhost", "--out", made / "tls")
    key = (made / "tls" / "key.pem").read_bytes()
    again = answer("issue", "server", "--dns", "localhost", "--out", made / "tls")
    assert first["serial"] != again["serial"]
    assert (made / "tls" / "key.pem").read_bytes() == key
    assert (made / "tls" / "key.pem").stat().st_mode & 0o077 == 0


def test_revoke_crl_and_show_agree(made: Path, answer: Answer) -> None:
    serial = issue_device(made, answer)["serial"]
    assert answer("revoke", serial, "--reason", "key_compromise") == {"revoked": [serial]}
    assert answer("revoke", "--device", DEVICE) == {"revoked": []}
    assert [each["revoked"] for each in answer("crl")["lists"]] == [0, 1]
    row = next(each for each in answer("show")["certificates"] if each["serial"] == serial)
    assert (row["kind"], row["device"], row["reason"]) == ("device", DEVICE, "key_compromise")
    assert answer("show", "--device", DEVICE)["certificates"] == [row]
    assert answer("show", "--household", HOUSEHOLD)["certificates"] == [row]


def test_a_fresh_list_is_not_signed_again_where_that_is_not_due(made: Path, answer: Answer) -> None:
    before = (made / "ca" / "crl.pem").read_bytes()
    assert answer("crl", "--if-due")["published"] is False
    assert (made / "ca" / "crl.pem").read_bytes() == before
    assert answer("crl")["published"] is True
    assert (made / "ca" / "crl.pem").read_bytes() != before


def test_rotate_and_revoke_the_earlier_authority(made: Path, answer: Answer) -> None:
    earlier = next(each for each in answer("show")["certificates"] if each["kind"] == "issuing")
    shutil.move(made / "ca" / "root", made / "root")
    told = answer("rotate", "--now", "--root-folder", made / "root")
    assert told["serial"] != earlier["serial"]
    away = ("--root", "--root-folder", made / "root")
    assert answer("revoke", earlier["serial"], *away) == {"revoked": [earlier["serial"]]}
    assert len(answer("crl", *away)["lists"]) == 2


def test_check_ends_with_2_on_a_fault_only(made: Path, run: Run, answer: Answer) -> None:
    assert [each["level"] for each in answer("check")["findings"]] == ["warning"]
    (made / "ca" / "crl.pem").unlink()
    result = run("check", env={})
    assert result.exit_code == 2
    assert "fault: " in result.output


@pytest.mark.parametrize(
    "words",
    [
        ("crl",),
        ("rotate",),
        ("revoke", "0a"),
        ("issue", "server", "--dns", "localhost", "--out", "nowhere"),
    ],
)
def test_without_or_with_a_wrong_pass_phrase_nothing_is_done(
    made: Path, run: Run, words: tuple[str, ...]
) -> None:
    before = (made / "ca" / "crl.pem").read_bytes()
    none = {"SURVEY_CA_PASSPHRASE": "", "SURVEY_CA_ROOT_PASSPHRASE": ""}
    assert "no pass phrase" in fault(run(*words, env=none))
    wrong = {**none, "SURVEY_CA_PASSPHRASE": "wrong horse battery staple"}
    assert "pass phrase is wrong" in fault(run(*words, env=wrong))
    assert (made / "ca" / "crl.pem").read_bytes() == before


def test_the_pass_phrase_may_come_from_a_private_file(made: Path, run: Run) -> None:
    file = made / "phrase"
    file.write_text(PHRASE["SURVEY_CA_PASSPHRASE"] + "\n")
    file.chmod(0o644)
    assert "chmod 600" in fault(run("crl", "--passphrase-file", file, env={"SURVEY_CA_PASSPHRASE": ""}))
    file.chmod(0o600)
    result = run("crl", "--passphrase-file", file, env={"SURVEY_CA_PASSPHRASE": ""})
    assert result.exception is None


def test_bad_requests_and_places_are_one_line(made: Path, run: Run) -> None:
    who = ("--device", DEVICE, "--household", HOUSEHOLD, "--email", "ada@example.org", "--out", made / "out")
    assert "cannot be read: no such file" in fault(run("issue", "device", "--csr", made / "absent", *who))
    (made / "junk").write_text("junk")
    assert "not a certificate signing request" in fault(run("issue", "device", "--csr", made / "junk", *who))
    assert "not empty" in fault(run("init"))
    assert not (made / "out").exists()


@pytest.mark.parametrize("words", [("crl",), ("show",), ("check",), ("rotate",), ("revoke", "0a")])
def test_without_an_authority_each_command_says_how_to_make_one(run: Run, words: tuple[str, ...]) -> None:
    assert "survey ca init" in fault(run(*words))


def commands(group: click.Group) -> list[click.Command]:
    found: list[click.Command] = []
    for command in group.commands.values():
        found += commands(command) if isinstance(command, click.Group) else [command]
    return found


@pytest.mark.parametrize("command", commands(ca), ids=lambda command: command.name)
def test_every_command_speaks_json_shows_an_example_and_takes_no_secret(command: click.Command) -> None:
    options = {name for parameter in command.params for name in parameter.opts}
    assert "--json" in options
    assert not options & {"--passphrase", "--password", "--root-passphrase"}
    assert "Example: survey ca " in (command.help or "")


@pytest.mark.debian
@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the Debian package openssl")
def test_openssl_verifies_what_the_commands_wrote(made: Path, answer: Answer) -> None:
    issue_device(made, answer)
    files = ["-CAfile", made / "ca" / "trust.pem", "-CRLfile", made / "ca" / "crl.pem"]
    command = ["openssl", "verify", "-x509_strict", "-crl_check_all", *files, made / "out" / "chain.pem"]
    assert subprocess.run(command, capture_output=True, text=True, check=False).stdout.endswith(": OK\n")
