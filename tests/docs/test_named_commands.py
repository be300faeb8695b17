"""Every `survey` command that the documentation names exists, with every option it is shown with."""

import re
import sys
from pathlib import Path

import click
import pytest

from survey import cli

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode finds no neighbours by itself
from documentation_pages import pages

# A word that stands for something, an option's value, or the end of the command.
_NAME = re.compile(r"[a-z][a-z0-9-]*")


def resolve(command: str) -> tuple[click.Command, list[str]]:
    """The command that the words name, and the words after its name."""
    found: click.Command = cli
    words = command.split()[1:]
    while isinstance(found, click.Group) and words and _NAME.fullmatch(words[0]):
        inner = found.get_command(click.Context(found), words[0])
        if inner is None:
            raise AssertionError(f"`{command}`: there is no command {words[0]}")
        found, words = inner, words[1:]
    return found, words


def options_of(command: click.Command) -> set[str]:
    return {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {
        "--help",
        "-h",
    }


NAMED = [(page.name, command) for page in pages() for command in page.commands()]


@pytest.mark.parametrize(("page", "command"), NAMED)
def test_a_command_and_its_options_exist(page: str, command: str) -> None:
    found, words = resolve(command)
    given = {word.partition("=")[0].strip("[]") for word in words if word.strip("[").startswith("--")}
    assert given <= options_of(found), page


def test_the_pages_name_most_commands() -> None:
    assert len(NAMED) > 60
    assert {page.name for page in pages()} >= {"README.md", "running.md"}


def test_a_made_up_command_would_be_noticed() -> None:
    with pytest.raises(AssertionError, match="no command frobnicate"):
        resolve("survey centre frobnicate")
