"""`survey ca`: the survey's own certificate authority, on the command line."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provisioning.ca.command_line import (
    answer,
    both_passphrases,
    folder_option,
    json_option,
    opened_authority,
    passphrase_option,
    root_folder_option,
    root_passphrase_option,
)
from provisioning.ca.issue_commands import issue

if TYPE_CHECKING:
    from provisioning.ca.record import CertificateRecord

_REASONS = (
    "unspecified",
    "key_compromise",
    "affiliation_changed",
    "superseded",
    "cessation_of_operation",
    "privilege_withdrawn",
)
_EXIT_FAULT = 2


@click.group()
def ca() -> None:
    """The certificate authority: devices' and servers' certificates, and their revocation."""


@ca.command()
@folder_option
@passphrase_option
@root_passphrase_option
@click.option("--name", default="Household Energy Survey", show_default=True, help="The survey's name.")
@json_option
def init(
    folder: Path, passphrase_file: Path | None, root_passphrase_file: Path | None, name: str, as_json: bool
) -> None:
    """Make an authority in FOLDER: a root, an issuing authority below it, records, revocation lists.

    Example: survey ca init --folder ca --passphrase-file ca.passphrase
    """
    from provisioning.ca.creation import create_authority  # noqa: PLC0415 - `survey --help` stays light

    passphrase, root_passphrase = both_passphrases(passphrase_file, root_passphrase_file)
    made = create_authority(folder, passphrase, root_passphrase, organization=name)
    answer(
        as_json,
        {
            "folder": str(made.path),
            "root": str(made.root_certificate),
            "trust": str(made.trust),
            "crl": str(made.crl),
        },
        f"authority in {made.path}; devices trust {made.root_certificate}",
        f"Move {made.root} to two media that are kept offline. It comes back to rotate, and once a year for "
        "the root's revocation list.",
        f"Back up {made.records} daily and {made.issuing} after each rotation.",
    )


ca.add_command(issue)


@ca.command()
@click.argument("serial", required=False)
@folder_option
@passphrase_option
@click.option("--device", help="Revoke every certificate of this device instead of one by SERIAL.")
@click.option("--reason", type=click.Choice(_REASONS), default="unspecified", show_default=True)
@click.option("--root", is_flag=True, help="SERIAL is an issuing authority's: the root revokes it.")
@root_passphrase_option
@root_folder_option
@json_option
def revoke(
    *,
    serial: str | None,
    folder: Path,
    passphrase_file: Path | None,
    device: str | None,
    reason: Any,
    root: bool,
    root_passphrase_file: Path | None,
    root_folder: Path | None,
    as_json: bool,
) -> None:
    """Revoke the certificate SERIAL or a device's, at once, and publish crl.pem. It cannot be taken back.

    Example: survey ca revoke --folder ca --device UUID --reason key_compromise
    """
    from provisioning.ca.names import normal_serial  # noqa: PLC0415
    from provisioning.ca.rotation import revoke_issuing  # noqa: PLC0415

    if root:
        if serial is None or device is not None:
            raise click.UsageError("--root takes the serial number of an issuing authority.")
        both = both_passphrases(passphrase_file, root_passphrase_file)
        changed = revoke_issuing(folder, *both, serial, reason, root=root_folder)
        done: tuple[str, ...] = (normal_serial(serial),) if changed else ()
    else:
        with opened_authority(folder, passphrase_file) as authority:
            done = authority.revoke(serial=serial, device=device, reason=reason)
    lines = [f"revoked {each}" for each in done] or [
        "nothing to revoke: it was done before, or all has ended"
    ]
    answer(as_json, {"revoked": list(done)}, *lines, "nginx reads crl.pem when it is reloaded.")


@ca.command()
@folder_option
@passphrase_option
@click.option("--if-due", is_flag=True, help="Only where half of the time is over or something is missing.")
@click.option("--root", is_flag=True, help="Sign the root's own list anew too; it needs the root's key.")
@root_passphrase_option
@root_folder_option
@json_option
def crl(
    *,
    folder: Path,
    passphrase_file: Path | None,
    if_due: bool,
    root: bool,
    root_passphrase_file: Path | None,
    root_folder: Path | None,
    as_json: bool,
) -> None:
    """Sign the revocation lists anew and publish crl.pem: daily, since a list holds for a week.

    Example: survey ca crl --if-due --folder ca && nginx -s reload
    """
    from couch.clock import to_rfc3339  # noqa: PLC0415
    from provisioning.ca.publication import parse_lists  # noqa: PLC0415
    from provisioning.ca.rotation import renew_root_list  # noqa: PLC0415

    if root:
        both = both_passphrases(passphrase_file, root_passphrase_file)
        renew_root_list(folder, *both, root=root_folder)
    with opened_authority(folder, passphrase_file) as authority:
        path = authority.folder.crl
        published = not if_due or authority.crl_due()
        lists = parse_lists(authority.crl().encode() if published else path.read_bytes())
    shown = [
        {
            "issuer": each.issuer.rfc4514_string(),
            "revoked": len(each),
            "next_update": to_rfc3339(each.next_update_utc) if each.next_update_utc else None,
        }
        for each in lists
    ]
    done = f"published {path}; reload nginx" if published else f"{path} is fresh"
    lines = [f"{each['issuer']}: {each['revoked']} revoked, next by {each['next_update']}" for each in shown]
    answer(as_json, {"crl": str(path), "published": published, "lists": shown}, *lines, done)


@ca.command()
@folder_option
@passphrase_option
@root_passphrase_option
@root_folder_option
@click.option("--now", "at_once", is_flag=True, help="Issue from the new authority at once, not in a day.")
@json_option
def rotate(
    *,
    folder: Path,
    passphrase_file: Path | None,
    root_passphrase_file: Path | None,
    root_folder: Path | None,
    at_once: bool,
    as_json: bool,
) -> None:
    """Make the next issuing authority. What the earlier one issued stays valid until it ends.

    Example: survey ca rotate --folder ca --root-folder /media/root
    """
    from datetime import timedelta  # noqa: PLC0415

    from couch.clock import to_rfc3339  # noqa: PLC0415
    from provisioning.ca.folder import AuthorityFolder  # noqa: PLC0415
    from provisioning.ca.rotation import NOTICE  # noqa: PLC0415
    from provisioning.ca.rotation import rotate as make_next  # noqa: PLC0415

    both = both_passphrases(passphrase_file, root_passphrase_file)
    made = make_next(folder, *both, root=root_folder, notice=timedelta(0) if at_once else NOTICE)
    begins = to_rfc3339(made.takes_over_at) if made.takes_over_at else ""
    ends = to_rfc3339(made.record.not_after)
    paths = AuthorityFolder(folder)
    answer(
        as_json,
        {"serial": made.record.serial, "takes_over_at": begins, "not_after": ends},
        f"issuing authority {made.record.serial}: issues from {begins}, ends at {ends}",
        f"Reload nginx before that, so that it knows {paths.trust} and {paths.crl}. "
        f"Take the root offline again, and back up {paths.issuing}.",
    )


@ca.command()
@folder_option
@click.option("--device", help="Only this device's certificates.")
@click.option("--household", help="Only this household's certificates.")
@json_option
def show(folder: Path, device: str | None, household: str | None, as_json: bool) -> None:
    """List what was issued: serial, kind, uuids, validity, revocation. No pass phrase is needed.

    Example: survey ca show --folder ca --device UUID
    """
    from provisioning.ca.folder import existing_folder  # noqa: PLC0415
    from provisioning.ca.records import CertificateRecords  # noqa: PLC0415

    with CertificateRecords(existing_folder(folder).records) as records:
        found = records.of_device(device) if device else records.all()
    if household:
        found = [record for record in found if record.household == household]
    rows = [_row(record) for record in found]
    answer(as_json, {"certificates": rows}, *(_line(row) for row in rows))


@ca.command()
@folder_option
@json_option
def check(folder: Path, as_json: bool) -> None:
    """Say what is wrong with the authority or soon will be; a fault exits with 2. No pass phrase is needed.

    Example: survey ca check --folder ca
    """
    from provisioning.ca.authority import real_time  # noqa: PLC0415
    from provisioning.ca.checkup import check_authority  # noqa: PLC0415
    from provisioning.ca.folder import existing_folder  # noqa: PLC0415
    from provisioning.ca.records import CertificateRecords  # noqa: PLC0415

    place = existing_folder(folder)
    with CertificateRecords(place.records) as records:
        findings = check_authority(place, records, real_time())
    lines = [f"{each.level}: {each.what}: {each.remedy}" for each in findings] or ["all is well"]
    rows = [{"level": each.level, "what": each.what, "remedy": each.remedy} for each in findings]
    answer(as_json, {"findings": rows}, *lines)
    if any(each.level == "fault" for each in findings):
        raise click.exceptions.Exit(_EXIT_FAULT)


def _row(record: "CertificateRecord") -> dict[str, Any]:
    from couch.clock import to_rfc3339  # noqa: PLC0415

    return {
        "serial": record.serial,
        "kind": record.kind,
        "device": record.device,
        "household": record.household,
        "names": list(record.names),
        "not_before": to_rfc3339(record.not_before),
        "not_after": to_rfc3339(record.not_after),
        "revoked_at": to_rfc3339(record.revoked_at) if record.revoked_at else None,
        "reason": record.reason,
    }


def _line(row: dict[str, Any]) -> str:
    who = f"device {row['device']} household {row['household']}" if row["device"] else " ".join(row["names"])
    revoked = f"  revoked {row['revoked_at']} ({row['reason']})" if row["revoked_at"] else ""
    return f"{row['serial']}  {row['kind']:<8}  until {row['not_after']}{revoked}  {who}".rstrip()
