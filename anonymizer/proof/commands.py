"""`survey anonymizer prove` and `survey receipt`: the proof of an erasure, and its receipt."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from anonymizer.proof.byte_search import Findings
    from anonymizer.proof.issuing import CertificatesOf
    from couch.centre_settings import CentreSettings
    from couch.documents import ErasureProof, Json

CERTIFICATES = "anonymizer.certificates"  # the front door tells what the certificate authority remembers
_STEP = 256 * 1024 * 1024  # bytes between two lines of progress
_WAIT_S = 6 * 3600.0

_file = click.Path(dir_okay=False, exists=True, path_type=Path)
_config = click.option(
    "--config", type=_file, required=True, help="The centre's settings, for example centre.toml."
)
_json = click.option("--json", "as_json", is_flag=True, help="For scripts.")


@click.command()
@click.argument("households", metavar="HOUSEHOLD...", nargs=-1, required=True)
@_config
@click.option(
    "--data",
    multiple=True,
    type=click.Path(path_type=Path),
    help="The engine's data folder, in place of [proof] data; may be given again.",
)
@click.option("--wait", "wait_s", type=click.FloatRange(0), default=_WAIT_S, help="Seconds, for the erasure.")
@click.option(
    "--settle",
    "settle_s",
    type=click.FloatRange(0),
    default=600.0,
    help="Seconds in which what is left in a file can be mended.",
)
@_json
@click.pass_context
def prove(  # noqa: PLR0917 - click passes them by name
    ctx: click.Context,
    households: tuple[str, ...],
    config: Path,
    data: tuple[Path, ...],
    wait_s: float,
    settle_s: float,
    as_json: bool,
) -> None:
    """Search the raw files for all that identifies a household, have it erased, search again, give a receipt.

    HOUSEHOLD: uuids of households whose consent is revoked, and which are not destroyed yet; the setting
    hold under [proof] makes the worker wait for this. What is searched for is kept in memory alone: do not
    interrupt it. It must be able to read the engine's files.

    Example: survey anonymizer prove 0d9c5a3e-5f0e-4a52-8e5b-1d0b8d8f3c11 --config centre.toml
    """
    from anonymizer.connections import Centre  # noqa: PLC0415 - `survey --help` stays light
    from anonymizer.one_household import one_household  # noqa: PLC0415
    from anonymizer.proof.issuing import receipt_issuer  # noqa: PLC0415
    from anonymizer.proof.proving import Places, Prover  # noqa: PLC0415
    from couch.centre_settings import load_centre_settings  # noqa: PLC0415

    settings = load_centre_settings(config, os.environ)
    places = Places(data or settings.proof.data, _also(settings))
    worker = one_household(settings, os.environ)
    issuer = receipt_issuer(settings, worker.clock, _certificates(ctx, settings))
    with Centre(settings.admin_server(), settings.worker_server()) as centre:
        prover = Prover(
            centre=centre,
            pseudonyms=worker.pseudonyms,
            blurring=settings.blurring,
            clock=worker.clock,
            places=places,
            erase=worker.visit,
            told=_progress(),
            settle_s=settle_s,
        )
        try:
            proofs = prover.prove(households, wait_s=wait_s)
        finally:
            issued = issuer.issue_those_erased(centre, households)
    if as_json:
        click.echo(json.dumps(issued, indent=2, ensure_ascii=False))
        return
    for household, proof in proofs.items():
        click.echo(_line(household, proof, issuer.file(household)))


def _also(settings: "CentreSettings") -> tuple[Path, ...]:
    return (*settings.proof.also, *([settings.ca_folder] if settings.ca_folder.is_dir() else []))


def _certificates(ctx: click.Context, settings: "CentreSettings") -> "CertificatesOf":
    from anonymizer.proof.issuing import no_certificates  # noqa: PLC0415

    reader: Callable[[Path], CertificatesOf] | None = ctx.find_root().meta.get(CERTIFICATES)
    return reader(settings.ca_folder) if reader else no_certificates


def _progress() -> Callable[[str, "Findings"], None]:
    told: dict[str, int] = {}

    def tell(phase: str, findings: "Findings") -> None:
        steps = findings.bytes // _STEP
        if steps > told.get(phase, -1):
            told[phase] = steps
            click.echo(f"{phase}: {findings.files} files, {findings.bytes / 1e6:.0f} MB searched", err=True)

    return tell


def _line(household: str, proof: "ErasureProof", file: Path) -> str:
    before, after = proof.before, proof.after
    if before is None or after is None:
        return f"{household}: not proved"
    shared = f", {after.shared} of them still held by other households" if after.shared else ""
    return (
        f"{household}: {before.found} of {before.facts} values found before ({before.occurrences} times), "
        f"{after.occurrences} times afterwards{shared}, in {after.files} files of "
        f"{after.bytes / 1e6:.1f} MB. Receipt: {file}"
    )


@click.group()
def receipt() -> None:
    """Receipts of erasures."""


@receipt.command()
@click.argument("file", type=_file)
@click.option("--key", "key", type=_file, help="The survey's published key (PEM).")
def verify(file: Path, key: Path | None) -> None:
    """Check that a receipt is what the survey signed. Needs no network.

    Exit status 0: it is; 2: it is not. Without --key it is compared with the key that it names itself, whose
    fingerprint is shown: compare that with the one that the survey publishes.

    Example: survey receipt verify receipt.json --key receipt-key.pem
    """
    from anonymizer.proof.signing import check, public_key  # noqa: PLC0415

    content = _read(file)
    by = check(content, None if key is None else public_key(key))
    search = content.get("search")
    proved = isinstance(search, dict) and search.get("proved") is True
    state = "complete" if content.get("complete") is True else "some devices have not confirmed yet"
    click.echo(
        f"Genuine: receipt {content.get('receipt')} of {content.get('issued_at')}, {state}, the search of "
        f"files {'found nothing left' if proved else 'proved nothing'}; signed by key {by}"
        + ("." if key else ", which was not compared with a published one.")
    )


@receipt.command("key")
@_config
def key_command(config: Path) -> None:
    """Print the public key that receipts are checked by, to be published; it is made at the first use.

    Example: survey receipt key --config centre.toml > receipt-key.pem
    """
    from anonymizer.proof.signing import signing_key  # noqa: PLC0415
    from couch.centre_settings import load_centre_settings  # noqa: PLC0415

    click.echo(signing_key(load_centre_settings(config, os.environ).proof.key).public_pem, nl=False)


@receipt.command()
@click.argument("household")
@_config
@click.pass_context
def issue(ctx: click.Context, household: str, config: Path) -> None:
    """Write the receipt of HOUSEHOLD (its uuid) anew, as things stand, and print it.

    Example: survey receipt issue 0d9c5a3e-5f0e-4a52-8e5b-1d0b8d8f3c11 --config centre.toml
    """
    from anonymizer.connections import Centre  # noqa: PLC0415
    from anonymizer.proof.issuing import receipt_issuer  # noqa: PLC0415
    from couch.centre_settings import load_centre_settings  # noqa: PLC0415
    from couch.clock import clock_from_environment  # noqa: PLC0415
    from couch.errors import Fault  # noqa: PLC0415

    settings = load_centre_settings(config, os.environ)
    issuer = receipt_issuer(settings, clock_from_environment(dict(os.environ)), _certificates(ctx, settings))
    with Centre(settings.admin_server(), settings.worker_server()) as centre:
        found = issuer.issue_those_erased(centre, [household])
    if not found:
        raise Fault(f"household {household} is not erased, so there is no receipt.")
    json.dump(found[0], sys.stdout, indent=2, ensure_ascii=False)
    click.echo()


def _read(file: Path) -> "Json":
    from anonymizer.proof.signing import Forged  # noqa: PLC0415

    def once(pairs: list[tuple[str, Any]]) -> "Json":
        if len({name for name, _ in pairs}) != len(pairs):  # a reader might see the other one
            raise Forged("a member stands twice in the receipt: it was changed.")
        return dict(pairs)

    try:
        found = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError) as err:
        raise Forged(f"{file} is no receipt: it is not JSON in UTF-8. Use the file as it was sent.") from err
    if not isinstance(found, dict):
        raise Forged(f"{file} is no receipt. Use the file as it was sent.")
    return found
