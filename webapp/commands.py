"""The commands of the web services: `survey edge page`, `survey centre serve`, `survey export`.

What a command needs is imported when it runs: `survey --help` stays quick and the device's page small.
"""

import os
from pathlib import Path

import click

# Under this key of the context's `meta` the front door hands over what opens, from centre.toml, the services
# for devices: a context manager that gives a `webapp.centre.More`.
MACHINES = "webapp.machines"

_CONFIG = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--config", required=True, type=_CONFIG, help="page.toml of this device.")
@click.option("--new-code", is_flag=True, help="Make a new household code, store its hash, print it, end.")
def page(config: Path, new_code: bool) -> None:
    """Serve the participant's page of this device.

    Example: survey edge page --config /etc/survey/page.toml
    """
    from webapp.participant import start  # noqa: PLC0415
    from webapp.settings import load_page  # noqa: PLC0415

    settings = load_page(config, os.environ)
    if new_code:
        click.echo(start.renew_code(settings))
        return
    start.run(settings, os.environ)


@click.command()
@click.option("--config", required=True, type=_CONFIG, help="centre_web.toml.")
@click.option("--centre", type=_CONFIG, help="centre.toml: serve devices too (REST API, enrolment, gateway).")
@click.pass_context
def serve(ctx: click.Context, config: Path, centre: Path | None) -> None:
    """Serve the researchers' and analysts' pages, and what devices need.

    Example: survey centre serve --config /etc/survey/centre_web.toml --centre /etc/survey/centre.toml
    """
    from webapp import centre as pages  # noqa: PLC0415
    from webapp.settings import load_centre_web  # noqa: PLC0415

    settings = load_centre_web(config, os.environ)
    if centre is None:
        pages.run(settings, os.environ)
        return
    with ctx.meta[MACHINES](centre) as more:
        pages.run(settings, os.environ, more)


@click.command()
@click.option("--from", "first", required=True, metavar="DAY", help="First day (UTC), as 2026-01-01.")
@click.option("--to", "end", required=True, metavar="DAY", help="The day after the last one.")
@click.option("--household", metavar="PSEUDONYM", help="This household only.")
@click.option("--format", "wanted", default="ndjson", show_default=True, metavar="ndjson|json|csv")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the data set.")
@click.option("--config", required=True, type=_CONFIG, help="centre_web.toml.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def export(  # noqa: PLR0917 - click hands options over by name
    first: str, end: str, household: str | None, wanted: str, out: Path, config: Path, as_json: bool
) -> None:
    """Write measurements as a documented data set (data file and datapackage.json).

    An interrupted export goes on when the same command runs again.

    Example: survey export --from 2026-01-01 --to 2026-02-01 --out january --config centre_web.toml
    """
    from webapp.analyst.export_request import parse_request  # noqa: PLC0415

    request = parse_request(first, end, household, wanted)
    from webapp.analyst import export_command  # noqa: PLC0415

    done = export_command.run(request, out, config, os.environ)
    click.echo(export_command.in_json(done) if as_json else export_command.in_words(done))
