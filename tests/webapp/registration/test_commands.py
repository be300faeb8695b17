"""`survey household import`: the page's checks and rows, from the command line."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from registration_fakes import GOOD, fake_registration
from webapp_fakes import FakeServer

from couch.errors import Fault
from webapp import centre, settings
from webapp.commands import MACHINES, REGISTRATION, serve
from webapp.registration.commands import import_

HEADINGS = ("reference", *GOOD)


@pytest.fixture
def services(tmp_path: Path) -> Any:
    server = FakeServer()
    return fake_registration(lambda: server, tmp_path / "registrations")


@pytest.fixture
def run(tmp_path: Path, services: Any) -> Any:
    """`run("--dry-run", name="Ada")`: import a file with one row, over a fake centre that stays the same."""

    @contextmanager
    def opened(_config: Path) -> Iterator[Any]:
        yield services

    @click.group()
    @click.pass_context
    def household(ctx: click.Context) -> None:
        ctx.meta[REGISTRATION] = opened

    household.add_command(import_)

    def call(*options: str, **cells: str) -> Result:
        file = tmp_path / "homes.csv"
        row = {"reference": "H-1", **GOOD, **cells}
        file.write_text(";".join(HEADINGS) + "\n" + ";".join(row[name] for name in HEADINGS) + "\n")
        return CliRunner().invoke(household, ["import", str(file), "--config", "centre.toml", *options])

    return call


def test_a_dry_run_names_rows_and_columns_and_writes_nothing(run: Any) -> None:
    wrong = run("--dry-run", email="ada", city="Köln")
    assert wrong.exit_code == 2
    assert "fault: row 2, email: This is no email address" in wrong.output
    doubtful = run("--dry-run", "--json", city="Köln")
    assert doubtful.exit_code == 0
    told = json.loads(doubtful.output)
    assert (told["rows"], told["faults"], told["doubts"][0]["column"]) == (1, [], "city")
    assert "registered H" not in run().output


def test_a_row_is_registered_once(run: Any) -> None:
    assert "row 2, H-1: registered " in run().output
    (again,) = json.loads(run("--json").output)
    assert (again["reference"], again["outcome"]) == ("H-1", "stood")


def test_a_fault_keeps_the_whole_file_from_being_imported(run: Any) -> None:
    assert run(email="ada").exit_code == 2
    assert "row 2, H-1: registered " in run().output


def test_a_file_that_cannot_be_read_says_so(run: Any, tmp_path: Path) -> None:
    run()
    (tmp_path / "homes.csv").unlink()
    result = CliRunner().invoke(import_, [str(tmp_path / "homes.csv"), "--config", "x"])
    assert isinstance(result.exception, Fault)


def test_what_an_interruption_left_is_taken_up_by_the_service_alone(
    run: Any, services: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    assert services.registrar.resumed == 0
    monkeypatch.setattr(settings, "load_centre_web", lambda *_: None)
    monkeypatch.setattr(centre, "run", lambda *_: None)
    meta = {MACHINES: lambda _file: nullcontext(), REGISTRATION: lambda _file: nullcontext(services)}
    with click.Context(serve) as ctx:
        ctx.meta.update(meta)
        ctx.invoke(serve, config=Path("centre_web.toml"), centre=Path("centre.toml"))
    assert services.registrar.resumed == 1
