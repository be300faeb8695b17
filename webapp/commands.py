"""The commands of the web services: `survey edge page`, `survey centre serve`.

What a command needs is imported when it runs: `survey --help` stays quick and the device's page small.
"""

import os
from pathlib import Path

import click

# Under this key of the context's `meta` the front door hands over what opens, from centre.toml, the services
# for devices: a context manager that gives a `webapp.centre.More`.
MACHINES = "webapp.machines"
# And under this one what opens, from centre.toml too, whatever registers households: a context manager that
# gives `webapp.registration.services.RegistrationServices`.
REGISTRATION = "webapp.registration"
# And under this one what opens the imported regions for exports: a `webapp.analyst.anonymity` RegionOf.
REGIONS = "webapp.regions"

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
@click.option("--centre", type=_CONFIG, help="centre.toml: register households, serve devices too.")
@click.pass_context
def serve(ctx: click.Context, config: Path, centre: Path | None) -> None:
    """Serve the researchers' and analysts' pages, and what devices need.

    Example: survey centre serve --config /etc/survey/centre_web.toml --centre /etc/survey/centre.toml
    """
    from webapp import centre as pages  # noqa: PLC0415
    from webapp.settings import load_centre_web  # noqa: PLC0415

    settings = load_centre_web(config, os.environ)
    if centre is None:
        pages.run(settings, os.environ, regions=ctx.meta.get(REGIONS))
        return
    with ctx.meta[MACHINES](centre) as more, ctx.meta[REGISTRATION](centre) as registration:
        registration.registrar.resume()
        pages.run(settings, os.environ, more, registration, ctx.meta.get(REGIONS))
