"""`survey anonymizer`: the worker at the centre."""

import os
import signal
import threading
from pathlib import Path

import click


@click.group()
def anonymizer() -> None:
    """The centre's worker: consent into effect, measurements into research under pseudonyms."""


@anonymizer.command()
@click.option(
    "--config",
    "config",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The centre's settings, for example centre.toml.",
)
@click.option("--once", is_flag=True, help="Catch up with everything that stands there now and end.")
def run(config: Path, once: bool) -> None:
    """Follow all households' feeds until stopped.

    Example: survey anonymizer run --config centre.toml
    """
    from anonymizer.service import run_worker  # noqa: PLC0415 - `survey --help` stays light

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
    )
