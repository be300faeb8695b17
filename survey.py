"""The front door: the `survey` command, and the only place that knows all packages.

Each subcommand's package is imported when it is called, not before: the agent on a device must stay light,
and `survey --help` quick.
"""

import importlib
import logging
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from couch.errors import CouchError, Fault

if TYPE_CHECKING:
    from flask import Blueprint

    from anonymizer.proof.issuing import CertificatesOf
    from couch.admission import Authorize
    from couch.centre_settings import CentreSettings
    from couch.node.settings import NodeSettings
    from provisioning.rights.anonymizing import Anonymizing
    from webapp.analyst.anonymity.regions import RegionOf
    from webapp.centre import More
    from webapp.registration.services import RegistrationServices
    from webapp.settings import CentreWebSettings

_log = logging.getLogger("survey")
_EXIT_FAULT = 2

_TOP = {
    "node": ("couch.node.commands:node", "Run the embedded database node."),
    "edge": ("edge.commands:edge", "The device: meters, measuring, transmission, the participant's page."),
    "centre": ("provisioning.commands:centre", "The centre: set up, the pages."),
    "household": ("provisioning.household_commands:household", "Households: add one, with its devices."),
    "device": ("provisioning.device_commands:device", "Devices: add, replace, revoke, list."),
    "provision": ("provisioning.nginx.commands:provision", "Configurations of nginx and CouchDB."),
    "ca": ("provisioning.ca.commands:ca", "The survey's own certificate authority."),
    "account": ("webapp.accounts.commands:account", "People's accounts at the centre's pages."),
    "anonymizer": ("anonymizer.commands:anonymizer", "The worker that follows all households' feeds."),
    "geodata": ("anonymizer.geodata.commands:geodata", "Regions and population densities."),
    "receipt": ("anonymizer.proof.commands:receipt", "Check the receipt of an erasure, offline."),
    "export": ("webapp.analyst.commands:export", "Write a documented data set; keep finished months."),
    "demo": ("provisioning.demo.commands:demo", "Run the whole way on this machine, with simulated meters."),
}
# Commands that one package offers in another's group, so that neither imports the other.
_GUESTS = {
    "edge": {"page": ("webapp.commands:page", "Serve the participant's page of this device.")},
    "centre": {"serve": ("webapp.commands:serve", "Serve the researchers' pages.")},
    "household": {
        "copy": ("provisioning.rights.commands:copy", "Copy everything held about a household."),
        "import": ("webapp.registration.commands:import_", "Register the households of a table."),
        "correct": ("provisioning.rights.commands:correct", "Correct facts; no old value is left."),
        "erase": ("provisioning.rights.commands:erase", "Erase a household, measurements as well."),
    },
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
@click.pass_context
def cli(ctx: click.Context, verbose: bool) -> None:
    """Collect household energy data with people's consent, offline first.

    Example: survey demo --once
    """
    ctx.meta["couch.node.gatekeeper"] = _gatekeeper
    ctx.meta["webapp.machines"] = _machines
    ctx.meta["webapp.registration"] = _registration
    ctx.meta["webapp.regions"] = _regions
    ctx.meta["anonymizer.certificates"] = _certificates
    ctx.meta["provisioning.rights.anonymizing"] = _anonymizing
    logging.basicConfig(
        level=os.environ.get("SURVEY_LOG_LEVEL", "INFO" if verbose else "WARNING").upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )


def _gatekeeper(settings: "NodeSettings", url: str) -> "Authorize":
    """Who judges what comes through the node's TLS listener: the gateway, asking the CA's records."""
    from couch.client import Server  # noqa: PLC0415 - only a node with a TLS listener needs it
    from couch.secret import SettingsError  # noqa: PLC0415
    from provisioning.ca.folder import AuthorityFolder  # noqa: PLC0415
    from provisioning.ca.records import CertificateRecords  # noqa: PLC0415
    from webapp.gateway.gateway import open_gateway  # noqa: PLC0415

    key = settings.jwt_secret()
    if key is None:
        raise SettingsError("the TLS listener signs tokens: give it a key by jwt_key or SURVEY_JWT_KEY.")
    records = CertificateRecords(AuthorityFolder(Path(settings.tls.authority)).records)
    password = settings.admin_password.reveal()
    return open_gateway(
        lambda: Server(url, user="admin", password=password), key, lambda facts: records.judge(facts).value
    ).authorize


def _anonymizing(settings: "CentreSettings", environ: Mapping[str, str]) -> "Anonymizing":
    """The worker's view of one household, for the commands of a participant's rights."""
    from anonymizer.one_household import one_household  # noqa: PLC0415 - only those commands need it

    return one_household(settings, environ)


def _regions(geodata: Path) -> "RegionOf":
    """Asks the imported regions which one a place lies in; none are known where `geodata` is no file."""
    from anonymizer.geodata.region_codes import RegionCodes  # noqa: PLC0415 - only for exports

    return RegionCodes(geodata)


def _certificates(folder: Path) -> "CertificatesOf":
    """What the certificate authority in a folder remembers of a household's devices, for its receipt."""
    from anonymizer.proof.receipt import CertificateKept  # noqa: PLC0415 - only for receipts
    from provisioning.ca.folder import AuthorityFolder  # noqa: PLC0415
    from provisioning.ca.records import CertificateRecords  # noqa: PLC0415

    file = AuthorityFolder(folder).records

    def of_household(household: str) -> list[CertificateKept]:
        if not file.is_file():
            return []  # a survey without certificates
        with CertificateRecords(file) as records:
            return [
                CertificateKept(
                    serial=each.serial,
                    device=each.device,
                    not_before=each.not_before,
                    not_after=each.not_after,
                    revoked_at=each.revoked_at,
                )
                for each in records.of_household(household)
            ]

    return of_household


@contextmanager
def _machines(centre_file: Path) -> Iterator["More"]:
    """What the centre's pages serve devices and nginx with, from centre.toml: enrolment and gateway."""
    from couch.centre_settings import load_centre_settings  # noqa: PLC0415 - only for a centre with devices
    from provisioning.ca.list_keeper import keep_lists  # noqa: PLC0415
    from provisioning.enrolment_service import opened_enrolment  # noqa: PLC0415
    from webapp.enrolment.start import device_enrolment  # noqa: PLC0415
    from webapp.gateway.start import device_gateway  # noqa: PLC0415

    stop = threading.Event()
    with opened_enrolment(load_centre_settings(centre_file, os.environ), os.environ) as enrolment:
        authority = enrolment.authority

        def more(web: "CentreWebSettings", _services: object) -> "list[Blueprint]":
            return [
                device_enrolment(
                    web, enrol=enrolment.enrol, renew=enrolment.renew, come_back=enrolment.come_back
                ),
                device_gateway(web, lambda facts: authority.records.judge(facts).value),
            ]

        published = partial(_log.info, "crl.pem was renewed: nginx takes it up when it is reloaded")
        keeper = threading.Thread(
            target=keep_lists, args=(authority, stop), kwargs={"published": published}, daemon=True
        )
        keeper.start()
        try:
            yield more
        finally:
            stop.set()
            keeper.join()


@contextmanager
def _registration(centre_file: Path) -> "Iterator[RegistrationServices]":
    """Who registers and corrects households for the centre's pages, from centre.toml."""
    from anonymizer.geodata.outlines import RegionMap  # noqa: PLC0415 - only for a centre that registers
    from anonymizer.geodata.postal_codes import PostalCodes  # noqa: PLC0415
    from couch.centre_settings import load_centre_settings  # noqa: PLC0415
    from provisioning.registering.registrar import Registrar  # noqa: PLC0415
    from webapp.registration.services import RegistrationServices  # noqa: PLC0415

    settings = load_centre_settings(centre_file, os.environ)
    yield RegistrationServices(
        registrar=Registrar(settings, settings.registrations, _anonymizing(settings, os.environ)),
        places=PostalCodes(settings.postal_codes),
        regions=RegionMap(settings.geodata),
        folder=settings.registrations,
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
