"""Running a node as a process: settings, signals, the line that says where it listens."""

import asyncio
import os
import signal
from pathlib import Path

import click

from couch.node.service import Gatekeeper, start_node
from couch.node.settings import NodeSettings
from couch.settings import load


def run_node(
    *,
    port: int | None,
    data: Path | None,
    bind: str | None,
    config: Path | None,
    gatekeeper: Gatekeeper | None = None,
) -> None:
    """Run until SIGTERM or SIGINT; `gatekeeper` as in `start_node`.

    Raises:
        Fault: settings, data folder or port cannot be used.
    """
    given = {"PORT": port, "DATA": data, "BIND": bind}
    options = {f"SURVEY_NODE_{name}": str(value) for name, value in given.items() if value is not None}
    settings = load(NodeSettings, file=config, environ={**os.environ, **options}, prefix="NODE")
    asyncio.run(_serve(settings, gatekeeper))


async def _serve(settings: NodeSettings, gatekeeper: Gatekeeper | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    node = await start_node(settings, gatekeeper)
    click.echo(f"listening on {node.url}")
    if node.tls_url is not None:
        click.echo(f"devices on {node.tls_url}")
    await stop.wait()
    await node.close()
