"""`survey export release` and `survey export check`: published data sets, on either side.

What a command needs is imported when it runs.
"""

import os
from pathlib import Path

import click

REGIONS = "webapp.regions"  # see webapp.analyst.commands
_CONFIG = click.Path(path_type=Path, dir_okay=False)
_ALL = ("intervals", "context", "pv_systems", "meters", "gaps")


@click.command()
@click.argument("name")
@click.option("--from", "first", required=True, metavar="DAY", help="First day (UTC), as 2026-01-01.")
@click.option("--to", "end", required=True, metavar="DAY", help="The day after the last one.")
@click.option("--table", "tables", multiple=True, metavar="TABLE", help="All but measurements without.")
@click.option("--region", "regions", multiple=True, metavar="NUTS", help="Households there only.")
@click.option("--config", required=True, type=_CONFIG, help="centre_web.toml.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def release(  # noqa: PLR0917 - click hands options over by name
    ctx: click.Context,
    name: str,
    first: str,
    end: str,
    tables: tuple[str, ...],
    regions: tuple[str, ...],
    config: Path,
    as_json: bool,
) -> None:
    """Publish the next version of the data set NAME: CSV and Parquet, described, citable, never changed.

    Where a household withdraws that it tells of, its files are deleted and its address answers 410.

    Example: survey export release energy-2026 --from 2026-01-01 --to 2026-07-01 --config centre_web.toml
    """
    from webapp.analyst.export_request import parse_request  # noqa: PLC0415
    from webapp.analyst.table_library import need_tables  # noqa: PLC0415

    selection = parse_request(first, end, None, "csv", regions=regions, tables=tables or _ALL).selection
    need_tables()
    from webapp.analyst.releases import release_command  # noqa: PLC0415

    done = release_command.run(name, selection, config, os.environ, ctx.meta.get(REGIONS))
    click.echo(release_command.in_json(done) if as_json else release_command.in_words(done))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def check(folder: Path) -> None:
    """Compare the files of a downloaded data set with the checksums in its datapackage.json.

    Example: survey export check energy-2026-1
    """
    from couch.errors import Fault  # noqa: PLC0415
    from webapp.analyst.releases.checking import check_folder  # noqa: PLC0415

    done = check_folder(folder)
    if done.faults:
        raise Fault(f"{folder} is not what was published: {'; '.join(done.faults)}")
    click.echo(f"{folder}: all {done.files} files ({done.bytes:,} bytes) are as they were published")
