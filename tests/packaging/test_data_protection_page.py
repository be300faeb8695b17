"""The page for the data protection officer names nothing that is not there."""

import ast
import re
from pathlib import Path

import click
import pytest

from survey import cli

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "data-protection.md").read_text(encoding="utf-8")
COMMANDS = sorted(set(re.findall(r"`survey ([a-z -]+)`", PAGE)))
TESTS = sorted(set(re.findall(r"`(tests/[\w/.]+\.py)(?:::(\w+))?`", PAGE)))
LINKS = sorted(set(re.findall(r"\]\(([^)#:]+)\)", PAGE)))


def test_the_page_names_commands_tests_and_pages() -> None:
    assert len(COMMANDS) >= 6
    assert len(TESTS) >= 15
    assert LINKS


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_exists(command: str) -> None:
    found: click.Command = cli
    for name in command.split():
        assert isinstance(found, click.Group)
        inner = found.get_command(click.Context(found), name)
        assert inner is not None, f"survey {command}: no {name}"
        found = inner


@pytest.mark.parametrize(("file", "name"), TESTS)
def test_a_test_exists(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert not name or name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("link", LINKS)
def test_a_page_exists(link: str) -> None:
    assert (ROOT / "docs" / link).is_file()


def test_settings_that_blur_more_strongly_are_named_as_they_are() -> None:
    from couch.blurring import Blurring  # noqa: PLC0415

    named = set(re.findall(r"`(power_step_kw|year_step|keep_azimuth|keep_tilt|distance_factor)`", PAGE))
    assert named == set(Blurring.__struct_fields__)
