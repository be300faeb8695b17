"""`survey node`: run an embedded database node."""

from pathlib import Path

import click

# Under this key of the context's `meta` the front door hands over who judges what comes through the TLS
# listener: a `couch.node.service.Gatekeeper`. Without it a node has none.
GATEKEEPER = "couch.node.gatekeeper"


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder of the databases.")
@click.option("--bind", help="Address to listen on. [127.0.0.1: only this machine]")
@click.option(
    "--config", type=click.Path(path_type=Path), help="Settings file (TOML); options and environment win."
)
@click.pass_context
def node(
    ctx: click.Context, port: int | None, data: Path | None, bind: str | None, config: Path | None
) -> None:
    """Run an embedded database node that speaks CouchDB's HTTP API.

    The administrator is `admin`; the password comes from SURVEY_ADMIN_PASSWORD or the settings file.

    Example: SURVEY_ADMIN_PASSWORD=... survey node --port 5984 --data /var/lib/survey/node
    """
    # Only here: the front door and the device's agent stay light.
    from couch.node.run import run_node  # noqa: PLC0415

    run_node(port=port, data=data, bind=bind, config=config, gatekeeper=ctx.meta.get(GATEKEEPER))
