"""`survey export`: data sets, and the months that are kept for them.

What a command needs is imported when it runs: `survey --help` stays quick, and a device does without tables.
"""

import os
from pathlib import Path
from typing import Any

import click

from webapp.analyst.releases.commands import check, release

# Under this key of the context's `meta` the front door hands over what asks the imported regions.
REGIONS = "webapp.regions"
_CONFIG = click.Path(path_type=Path, dir_okay=False)
_REQUIRED = {"first": "--from", "end": "--to", "out": "--out", "config": "--config"}


@click.group(invoke_without_command=True, subcommand_metavar="[COMMAND]")
@click.option("--from", "first", metavar="DAY", help="First day (UTC), as 2026-01-01.")
@click.option("--to", "end", metavar="DAY", help="The day after the last one.")
@click.option("--table", "tables", multiple=True, metavar="TABLE", help="These; without: measurements.")
@click.option("--household", "households", multiple=True, metavar="PSEUDONYM", help="These households only.")
@click.option(
    "--region", "regions", multiple=True, metavar="NUTS", help="Households in DE212, or all of DE2."
)
@click.option(
    "--quality",
    multiple=True,
    metavar="unmarked|without_gaps|synchronized",
    help="Only rows without a mark, intervals of a single slot, times from a synchronized clock.",
)
@click.option("--format", "wanted", default="ndjson", show_default=True, metavar="ndjson|json|csv|parquet")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the data set.")
@click.option("--config", type=_CONFIG, help="centre_web.toml.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def export(ctx: click.Context, /, **given: Any) -> None:
    """Write a documented data set: its tables, and datapackage.json, which describes them.

    \b
    Tables: measurements  every reading as the meter sent it
            intervals     energy between measurements, from the counters
            context       households, what may be told of them
            pv_systems    their photovoltaic systems
            meters        their meters
            gaps          missing slots and why

    An interrupted export goes on when the same command runs again.

    Example: survey export --from 2026-01-01 --to 2026-02-01 --out january --config centre_web.toml
    """
    if ctx.invoked_subcommand is not None:
        return
    for name, option in _REQUIRED.items():
        if given[name] is None:
            raise click.MissingParameter(ctx=ctx, param_hint=f"'{option}'", param_type="option")
    from webapp.analyst.export_request import parse_request  # noqa: PLC0415

    request = parse_request(
        given["first"],
        given["end"],
        given["households"],
        given["wanted"],
        regions=given["regions"],
        quality=given["quality"],
        tables=given["tables"] or ("measurements",),
    )
    from webapp.analyst.table_library import need_tables  # noqa: PLC0415

    need_tables()
    from webapp.analyst import export_command  # noqa: PLC0415

    done = export_command.run(request, given["out"], given["config"], os.environ, ctx.meta.get(REGIONS))
    click.echo(export_command.in_json(done) if given["as_json"] else export_command.in_words(done))


@export.command()
@click.option("--config", required=True, type=_CONFIG, help="centre_web.toml, with `kept_folder`.")
@click.option("--month", "months", multiple=True, metavar="YYYY-MM", help="This month, finished or not.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def keep(config: Path, months: tuple[str, ...], as_json: bool) -> None:
    """Keep finished months as Parquet files, from which exports are cut.

    Months that changed since are kept anew; what an erasure touched is deleted. `survey centre serve` does
    the same by itself.

    Example: survey export keep --config centre_web.toml
    """
    from webapp.analyst.table_library import need_tables  # noqa: PLC0415

    need_tables()
    from webapp.analyst import keep_command  # noqa: PLC0415

    done = keep_command.run(config, os.environ, months)
    click.echo(keep_command.in_json(done) if as_json else keep_command.in_words(done))


export.add_command(release)
export.add_command(check)
