"""`survey anonymizer`: the worker at the centre."""

import json
import os
import signal
import threading
from pathlib import Path

import click

from anonymizer.proof.commands import CERTIFICATES, prove

_CONFIG = click.option(
    "--config",
    "config",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The centre's settings, for example centre.toml.",
)


@click.group()
def anonymizer() -> None:
    """The centre's worker: consent into effect, measurements into research under pseudonyms."""


anonymizer.add_command(prove)


@anonymizer.command()
@_CONFIG
@click.option("--once", is_flag=True, help="Catch up with everything that stands there now and end.")
@click.pass_context
def run(ctx: click.Context, config: Path, once: bool) -> None:
    """Follow all households' feeds until stopped.

    Example: survey anonymizer run --config centre.toml
    """
    from anonymizer.proof.issuing import no_certificates  # noqa: PLC0415 - `survey --help` stays light
    from anonymizer.service import run_worker  # noqa: PLC0415

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run_worker(
        config,
        os.environ,
        stop,
        once=once,
        ready=lambda url: click.echo(
            f"{'catching up with' if once else 'following'} the households of {url}"
        ),
        certificates=ctx.find_root().meta.get(CERTIFICATES, lambda _folder: no_certificates),
    )


@anonymizer.command()
@_CONFIG
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def status(config: Path, as_json: bool) -> None:
    """Workers, what waits, what is parked and why, how far each erasure is.

    Example: survey anonymizer status --config centre.toml
    """
    from anonymizer.status import as_text, read_status  # noqa: PLC0415
    from couch.centre_settings import load_centre_settings  # noqa: PLC0415

    with load_centre_settings(config, os.environ).worker_server() as server:
        found = read_status(server)
    click.echo(json.dumps(found, indent=2) if as_json else as_text(found))


@anonymizer.command()
@click.argument("name", required=False)
@_CONFIG
def retry(name: str | None, config: Path) -> None:
    """Take parked documents once more: all, those of a household (its uuid), or one by its NAME.

    The worker that serves the household does it within seconds; none is needed for the wish to be kept.
    NAME of a revocation that stands still: erasure, or its household.

    Example: survey anonymizer retry --config centre.toml
    """
    from couch.centre_settings import load_centre_settings  # noqa: PLC0415
    from couch.clock import clock_from_environment  # noqa: PLC0415
    from couch.retry_wishes import ask_by_name  # noqa: PLC0415

    settings, clock = load_centre_settings(config, os.environ), clock_from_environment(dict(os.environ))
    with settings.worker_server() as server:
        asked = ask_by_name(server, name, clock)
    click.echo(f"{asked} parked {'document is' if asked == 1 else 'documents are'} tried again.")
