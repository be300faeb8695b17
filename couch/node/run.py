"""Running a node as a process: settings, signals, the line that says where it listens."""

import asyncio
import logging
import os
import signal
from pathlib import Path

import click

from couch.node.service import start_node
from couch.node.settings import NodeSettings
from couch.settings import load


def run_node(*, port: int | None, data: Path | None, bind: str | None, config: Path | None) -> None:
    """Run until SIGTERM or SIGINT.

    Raises:
        Fault: settings, data folder or port cannot be used.
    """
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    given = {"PORT": port, "DATA": data, "BIND": bind}
    options = {f"SURVEY_NODE_{name}": str(value) for name, value in given.items() if value is not None}
    settings = load(NodeSettings, file=config, environ={**os.environ, **options}, prefix="NODE")
    asyncio.run(_serve(settings))


async def _serve(settings: NodeSettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    node = await start_node(settings)
    click.echo(f"listening on {node.url}")
    await stop.wait()
    await node.close()
