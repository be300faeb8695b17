"""`survey account`, as it is typed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from couch.errors import Fault
from webapp.accounts.accounts_file import AccountsFile
from webapp.accounts.commands import account
from webapp.accounts.directory import Directory

Survey = Callable[..., Result]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "centre_web.toml"
    file.touch(0o600)
    file.write_text(
        'address = "https://centre.example.org/"\n'
        '[couchdb]\nurl = "http://127.0.0.1:9"\nuser = "pages"\npassword = "x"\n'
    )
    return file


@pytest.fixture
def survey(config: Path) -> Survey:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(account, [*arguments, "--config", str(config)])

    return run


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_add_prints_a_link_that_works_and_no_password(survey: Survey, config: Path) -> None:
    made = answer(survey("add", "ada", "--role", "researcher", "--role", "analyst", "--json"))
    assert (made["name"], made["roles"], made["state"]) == ("ada", ["analyst", "researcher"], "invited")
    base, _, token = made["link"].rpartition("/")
    assert base == "https://centre.example.org/link"
    directory = Directory(AccountsFile(config.with_name("accounts.sqlite")))
    assert directory.behind_link(token).name == "ada"  # type: ignore[union-attr]
    assert "password" not in made


def test_people_read_what_to_do_with_the_link(survey: Survey) -> None:
    said = survey("add", "ada", "--role", "researcher").output.splitlines()
    assert said[0] == "ada: researcher (invited)"
    assert "works once" in said[1]
    assert said[2].startswith("https://centre.example.org/link/")


def test_role_disable_enable_and_list_tell_how_it_stands(survey: Survey) -> None:
    survey("add", "ada", "--role", "researcher")
    assert answer(survey("role", "ada", "--role", "administrator", "--json"))["roles"] == ["administrator"]
    assert survey("disable", "ada").output == "ada: administrator (disabled)\n"
    assert answer(survey("enable", "ada", "--json"))["state"] == "invited"
    survey("add", "bob", "--role", "analyst")
    assert [one["name"] for one in answer(survey("list", "--json"))] == ["ada", "bob"]
    assert survey("list").output == "ada: administrator (invited)\nbob: analyst (invited)\n"


def test_reset_gives_another_link(survey: Survey) -> None:
    first = answer(survey("add", "ada", "--role", "researcher", "--json"))["link"]
    second = answer(survey("reset", "ada", "--json"))["link"]
    assert first != second


def test_an_empty_list_says_how_to_begin(survey: Survey) -> None:
    assert "survey account add" in survey("list").output
    assert answer(survey("list", "--json")) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("reset", "bob"), "no account 'bob'"),
        (("add", "Ada L", "--role", "analyst"), "lower-case"),
        (("add", "ada", "--role", "analyst"), "already"),
    ],
)
def test_what_cannot_be_done_is_one_line(survey: Survey, arguments: tuple[str, ...], words: str) -> None:
    survey("add", "ada", "--role", "researcher")
    failed = survey(*arguments)
    assert isinstance(failed.exception, Fault)
    assert words in str(failed.exception)
    assert "\n" not in str(failed.exception)


def test_without_an_address_no_account_is_made(survey: Survey, config: Path) -> None:
    config.write_text(config.read_text().replace('address = "https://centre.example.org/"', "https = true"))
    failed = survey("add", "ada", "--role", "researcher")
    assert "set `address`" in str(failed.exception)
    assert answer(survey("list", "--json")) == []


def test_on_this_machine_the_port_is_address_enough(survey: Survey, config: Path) -> None:
    config.write_text(config.read_text().replace('address = "https://centre.example.org/"', "port = 8123"))
    made = answer(survey("add", "ada", "--role", "researcher", "--json"))
    assert made["link"].startswith("http://127.0.0.1:8123/link/")
