"""`survey demo`: the whole way on one machine."""

import contextlib
import signal
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import click

_EPOCH = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)  # a summer morning: the simulated roofs yield


@click.command()
@click.option("--once", is_flag=True, help="Go through the script, check everything, and end.")
@click.option(
    "--replay",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A recording of a real meter's SML telegrams, read by one more head.",
)
@click.option(
    "--speed",
    type=click.FloatRange(1, 900),
    default=450.0,
    show_default=True,
    help="How many times faster than the wall clock the demo's time runs.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where data, logs and the export go; without it, a temporary folder that is removed at the end.",
)
def demo(once: bool, replay: Path | None, speed: float, folder: Path | None) -> None:
    """Run a centre and two devices with simulated meters on this machine.

    \b
    Examples:
      survey demo
      survey demo --once --replay recording.bin
    """
    from couch.clock import Clock  # noqa: PLC0415 - `survey --help` stays light
    from couch.errors import Fault  # noqa: PLC0415
    from provisioning.demo.narrator import Narrator  # noqa: PLC0415
    from provisioning.demo.story import STEPS, Story  # noqa: PLC0415

    clock = Clock(epoch=_EPOCH.timestamp(), wall0=time.time(), speed=speed)
    environ = {"SURVEY_CLOCK": f"{clock.epoch!r},{clock.wall0!r},{clock.speed!r}"}
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    with contextlib.ExitStack() as stack:
        if folder is None:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="survey-demo-")))
        else:
            place = folder
            if place.exists() and any(place.iterdir()):
                raise Fault(f"{place} is not empty: name a new folder for the demo's data")
            place.mkdir(parents=True, exist_ok=True)
        story = Story(place, clock, environ, replay, Narrator(STEPS))
        stack.callback(story.stop)
        story.run()
        if once:
            click.echo("\nEverything was as it should be.")
            return
        click.echo("\nThe pages, until Ctrl-C:")
        click.echo(f"  the centre       {story.centre.pages_url}  researcher / {story.centre.password}")
        for name, device in story.devices.items():
            click.echo(f"  {name.title()}'s device     {device.page_url}  household code {device.code}")
        click.echo(f"Data, logs and the export lie in {place}" + ("" if folder else " until then") + ".")
        with contextlib.suppress(KeyboardInterrupt):
            stop.wait()
        click.echo("\nEnding the processes ...")


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
