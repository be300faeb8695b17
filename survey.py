"""The front door: the `survey` command, and the only place that knows all packages.

Each subcommand's package is imported when it is called, not before: the agent on a device must stay light,
and `survey --help` quick.
"""

import importlib
import logging
import os
import sys
from collections.abc import Mapping

import click

from couch.errors import CouchError, Fault

_EXIT_FAULT = 2

_TOP = {
    "node": ("couch.node.commands:node", "Run the embedded database node."),
    "edge": ("edge.commands:edge", "The device: meters, measuring, transmission, the participant's page."),
    "centre": ("provisioning.commands:centre", "The centre: set up, households, the pages."),
    "ca": ("provisioning.ca.commands:ca", "The survey's own certificate authority."),
    "account": ("webapp.accounts.commands:account", "People's accounts at the centre's pages."),
    "anonymizer": ("anonymizer.commands:anonymizer", "The worker that follows all households' feeds."),
    "export": ("webapp.commands:export", "Write measurements as a documented data set."),
    "demo": ("provisioning.demo.commands:demo", "Run the whole way on this machine, with simulated meters."),
}
# Commands that one package offers in another's group, so that neither imports the other.
_GUESTS = {
    "edge": {"page": ("webapp.commands:page", "Serve the participant's page of this device.")},
    "centre": {"serve": ("webapp.commands:serve", "Serve the researchers' pages.")},
}


class LazyGroup(click.Group):
    """A group whose subcommands are imported by name on first use.

    `places` maps a command's name to ("module:attribute", one line of help).
    """

    def __init__(self, *args: object, places: Mapping[str, tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # click's own keywords, passed through
        self.places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self.places})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.places:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self.places[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        guests = _GUESTS.get(cmd_name)
        if guests and isinstance(command, click.Group):
            return LazyGroup(
                name=command.name, help=command.help, commands=dict(command.commands), places=guests
            )
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own = [(name, command.get_short_help_str()) for name, command in self.commands.items()]
        rows = sorted([*own, *((name, text) for name, (_, text) in self.places.items())])
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(cls=LazyGroup, places=_TOP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="household-energy-survey", prog_name="survey")
@click.option("--verbose", "-v", is_flag=True, help="Log what is done, not only what goes wrong.")
def cli(verbose: bool) -> None:
    """Collect household energy data with people's consent, offline first.

    Example: survey demo --once
    """
    logging.basicConfig(
        level=os.environ.get("SURVEY_LOG_LEVEL", "INFO" if verbose else "WARNING").upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )


def main() -> None:
    """Run the command line; what a person must mend is one line on standard error and exit status 2."""
    try:
        cli.main(prog_name="survey", standalone_mode=False)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as err:
        err.show()
        sys.exit(_EXIT_FAULT)
    except BrokenPipeError:  # the reader of our output is gone, as after `| head`
        sys.exit(1)
    except (Fault, CouchError, OSError) as err:
        click.echo(f"survey: {err}", err=True)
        sys.exit(_EXIT_FAULT)


if __name__ == "__main__":
    main()
