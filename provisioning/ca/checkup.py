"""`survey ca check`: what will go wrong with an authority, before it does."""

import stat
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from couch.clock import to_rfc3339
from provisioning.ca.folder import AuthorityFolder, root_key_in
from provisioning.ca.publication import (
    lists_due,
    living_issuers,
    parse_lists,
    root_of,
    trust_bundle,
)
from provisioning.ca.record import AuthorityRecord, has_taken_over
from provisioning.ca.records import CertificateRecords

ROTATE_BEFORE = timedelta(days=180)
ROOT_LIST_BEFORE = timedelta(days=60)
ROOT_BEFORE = timedelta(days=2 * 365)

Level = Literal["fault", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`fault`: somebody is refused or trusted wrongly now; `warning`: something to do in time."""

    level: Level
    what: str
    remedy: str


def check_authority(folder: AuthorityFolder, records: CertificateRecords, now: datetime) -> list[Finding]:
    """Everything that is or will soon be wrong, without any key."""
    root = root_of(records)
    return [
        *_of_files(folder),
        *_of_root(folder, root, now),
        *_of_issuers(folder, records, now),
        *_of_published(folder, records, now),
    ]


def _of_files(folder: AuthorityFolder) -> list[Finding]:
    keys = sorted(folder.issuing.glob("*.key.pem"))
    found = [
        Finding("fault", f"{path} can be read by others", f"chmod go= {path}")
        for path in [folder.path, folder.records, *keys]
        if stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    if root_key_in(folder.root).exists():
        found.append(
            Finding(
                "warning",
                f"the root's key lies on this machine, in {folder.root}",
                "move that folder to two media that are kept offline",
            )
        )
    return found


def _of_root(folder: AuthorityFolder, root: AuthorityRecord, now: datetime) -> list[Finding]:
    found = []
    if root.record.not_after - now < ROOT_BEFORE:
        found.append(
            Finding(
                "fault" if root.record.not_after < now else "warning",
                f"the root ends at {to_rfc3339(root.record.not_after)}",
                "make a new authority and enrol the devices anew",
            )
        )
    try:
        lists = parse_lists(folder.root_crl.read_bytes())
        until = lists[0].next_update_utc if lists else None
    except (OSError, ValueError):
        until = None
    renew = f"survey ca crl --root --folder {folder.path}"
    if until is None:
        found.append(Finding("fault", f"the root's revocation list {folder.root_crl} cannot be read", renew))
    elif until - now < ROOT_LIST_BEFORE:
        level: Level = "fault" if until < now else "warning"
        found.append(Finding(level, f"the root's revocation list ends at {to_rfc3339(until)}", renew))
    return found


def _of_issuers(folder: AuthorityFolder, records: CertificateRecords, now: datetime) -> list[Finding]:
    living = living_issuers(records, now)
    rotate = f"survey ca rotate --folder {folder.path}"
    found = [
        Finding("fault", f"the key {path} is missing", "restore it from the backup")
        for path in (folder.issuing_key(each.record.serial) for each in living)
        if not path.exists()
    ]
    if not any(has_taken_over(each, now) for each in living):
        found.append(Finding("fault", "no issuing authority is in force", f"{rotate} --now"))
        return found
    last = max(each.record.not_after for each in living)
    if last - now < ROTATE_BEFORE:
        found.append(Finding("warning", f"the last issuing authority ends at {to_rfc3339(last)}", rotate))
    return found


def _of_published(folder: AuthorityFolder, records: CertificateRecords, now: datetime) -> list[Finding]:
    publish = f"survey ca crl --folder {folder.path}"
    found = []
    due = lists_due(folder, records, now)
    if due is not None:
        found.append(Finding("fault", f"{folder.crl} is due: {due}", f"{publish}, then reload nginx"))
    try:
        behind = folder.root_crl.read_bytes() not in folder.crl.read_bytes()
        trusted = folder.trust.read_text(encoding="ascii") == trust_bundle(records, now)
    except (OSError, ValueError):  # whichever is missing, publishing makes it
        behind, trusted = not folder.crl.exists(), False
    if behind or not trusted:
        stale = folder.crl if behind else folder.trust
        found.append(Finding("fault", f"{stale} is not what the records say", publish))
    return found
