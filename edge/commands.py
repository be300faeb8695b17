"""`survey edge`: a device's commands."""

import json
import logging
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.decode_command import decode

if TYPE_CHECKING:
    from edge.settings import DeviceSettings

_ENDS = (signal.SIGTERM, signal.SIGINT)

_config = click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("device.toml"),
    show_default=True,
    help="The device's settings; SURVEY_EDGE_... variables override them.",
)


@click.group()
def edge() -> None:
    """The device: meters, measuring, transmission.

    \b
    Example:
      survey edge run --config device.toml
    """


@edge.command()
@_config
def init(config: Path) -> None:
    """Create the device's databases, accounts and rules; doing it again changes nothing.

    \b
    Example:
      survey edge init --config device.toml
    """
    from edge import replica  # noqa: PLC0415
    from edge.links import Links  # noqa: PLC0415

    database = replica.init(Links(_settings(config)))
    click.echo(f"{database.name} is ready")


@edge.command()
@click.argument("bundle", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Where the device's files go. [this folder]",
)
@click.option("--json", "as_json", is_flag=True, help="Answer with JSON, for scripts.")
def join(bundle: Path, folder: Path, as_json: bool) -> None:
    """Let this machine become the device that BUNDLE was made for; run again, it goes on where it ended.

    Makes the device's key, which never leaves it, has the centre sign a certificate, and writes the settings
    of the agent, the page and the database.

    \b
    Example:
      survey edge join cellar.bundle.toml --folder /etc/survey
    """
    from couch.clock import to_rfc3339  # noqa: PLC0415
    from edge.joining import join as join_survey  # noqa: PLC0415

    joined = join_survey(bundle, folder)
    until = to_rfc3339(joined.facts.not_after)
    if as_json:
        told = {
            "device": joined.device,
            "household": joined.household,
            "already": joined.already,
            "serial": joined.facts.serial,
            "until": until,
            "folder": str(folder.absolute()),
            "written": list(joined.written),
            "missing": list(joined.missing),
        }
        click.echo(json.dumps(told))
        return
    click.echo(f"device {joined.device} has {'already ' if joined.already else ''}joined, until {until}")
    click.echo(
        f"its database: survey node --config {folder / 'node.toml'} (CouchDB: {folder / 'couchdb.ini'})"
    )
    click.echo(f"its agent:    survey edge run --config {folder / 'device.toml'}")
    for each in joined.missing:
        click.echo(f"missing:      {each}")


@edge.command()
@_config
def run(config: Path) -> None:
    """Measure every 15 minutes while consent is granted, and transmit; until SIGTERM or Ctrl-C.

    \b
    Example:
      survey edge run --config device.toml
    """
    from couch.clock import clock_from_environment  # noqa: PLC0415
    from couch.errors import Fault  # noqa: PLC0415
    from couch.process_memory import hand_memory_back  # noqa: PLC0415
    from edge.agent import Agent  # noqa: PLC0415
    from edge.clock_state import witness_from_environment  # noqa: PLC0415

    hand_memory_back()
    settings = _settings(config)
    try:
        clock = clock_from_environment()
    except ValueError as err:
        raise Fault(str(err)) from err
    stop = threading.Event()
    agent = Agent(settings, clock=clock, witness=witness_from_environment(os.environ), stop=stop)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in _ENDS}
    try:
        click.echo(f"device {settings.device} measures {len(settings.meters)} meter(s)")
        agent.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    logging.getLogger(__name__).info("the agent ended as it was asked to")


@edge.command()
@_config
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a text for people.")
def status(config: Path, as_json: bool) -> None:
    """Show the state of consent, the newest heartbeat and what the centre refused.

    \b
    Example:
      survey edge status --config device.toml --json
    """
    from edge.status import device_status, status_lines  # noqa: PLC0415

    found = device_status(_settings(config))
    click.echo(json.dumps(found.to_json(), indent=2) if as_json else "\n".join(status_lines(found)))


def _settings(config: Path) -> "DeviceSettings":
    from edge.settings import load_settings  # noqa: PLC0415

    return load_settings(config, os.environ)


edge.add_command(decode)
