"""`survey household import`: the same table, checks and rows as on the pages, from the command line."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from webapp.commands import REGISTRATION

if TYPE_CHECKING:
    from webapp.registration.import_check import Checked
    from webapp.registration.imports import RowResult

_FILE = click.Path(dir_okay=False, path_type=Path)
_EXIT_FAULT = 2


@click.command("import")
@click.argument("file", type=_FILE)
@click.option("--config", type=_FILE, required=True, help="The centre's settings, for example centre.toml.")
@click.option("--dry-run", is_flag=True, help="Only say what is wrong, by row and column.")
@click.option("--json", "as_json", is_flag=True, help="Answer with JSON, for scripts.")
@click.pass_context
def import_(ctx: click.Context, file: Path, config: Path, dry_run: bool, as_json: bool) -> None:
    """Register the households of FILE (.xlsx or .csv), one a row; nothing, where a cell is wrong.

    The column `reference` names a household for good: running it again, or with a longer file, registers only
    what is new. The pages have a template (Households, Import).

    Example: survey household import homes.xlsx --config centre.toml --dry-run
    """
    from couch.clock import clock_from_environment  # noqa: PLC0415 - `survey --help` stays light
    from couch.errors import Fault  # noqa: PLC0415
    from webapp.registration.checking import Checking  # noqa: PLC0415
    from webapp.registration.household_table import household_table  # noqa: PLC0415
    from webapp.registration.import_check import check_file  # noqa: PLC0415
    from webapp.registration.imports import import_row, namespace_of  # noqa: PLC0415
    from webapp.registration.tables import TableFault  # noqa: PLC0415

    try:
        content = file.read_bytes()
    except OSError as err:
        why = (err.strerror or type(err).__name__).lower()
        raise Fault(f"{file} cannot be read: {why}. Give a table as .xlsx or .csv.") from err
    with ctx.meta[REGISTRATION](config) as services:
        known = services.regions.outlines() is not None
        checking = Checking(
            places=services.places.places,
            table_known=services.places.known(),
            region_at=services.regions.region_at if known else None,
            today=clock_from_environment(dict(os.environ)).now().date(),
        )
        try:
            checked = check_file(
                content, namespace_of(services.folder), checking, services.registrar.email_fault
            )
        except TableFault as err:
            raise Fault(f"{file}: {err.trouble.in_words()}") from err
        if checked.faults or dry_run:
            _tell_checked(checked, as_json=as_json)
            sys.exit(_EXIT_FAULT if checked.faults else 0)
        results = []
        for row in checked.good:
            table = household_table(row.entries, row.draft)
            results.append(import_row(row.reference, row.number, table, services.registrar.create))
            if not as_json:
                _tell(results[-1])
    if as_json:
        click.echo(json.dumps([asdict(result) for result in results], ensure_ascii=False))
    if any(result.outcome == "failed" for result in results):
        sys.exit(_EXIT_FAULT)


def _tell_checked(checked: "Checked", *, as_json: bool) -> None:
    kinds = {"faults": checked.faults, "doubts": checked.doubts}
    if as_json:
        told = {
            kind: [
                {"row": each.row, "column": each.column, "what": each.trouble.in_words()} for each in found
            ]
            for kind, found in kinds.items()
        }
        click.echo(json.dumps({"rows": checked.rows, **told}, ensure_ascii=False))
        return
    for kind, found in kinds.items():
        for each in found:
            click.echo(f"{kind[:-1]}: row {each.row}, {each.column}: {each.trouble.in_words()}")
    good = len(checked.good)
    click.echo(f"{good} of {checked.rows} rows could be registered; nothing was written.")


def _tell(result: "RowResult") -> None:
    words = {
        "registered": "registered",
        "stood": "was registered before",
        "kept": "was registered before with other values, which stay",
        "failed": f"failed: {result.reason}",
    }
    click.echo(
        f"row {result.row}, {result.reference}: {words[result.outcome]} {result.household or ''}".rstrip()
    )
