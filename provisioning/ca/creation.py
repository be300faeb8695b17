"""Making a certificate authority: whole, or not at all."""

import fcntl
import glob
import os
import secrets
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from couch.errors import Fault
from couch.private_files import write_private
from couch.secret import Secret
from provisioning.ca import profile
from provisioning.ca.authority import IssuingAuthority, real_time
from provisioning.ca.folder import AuthorityFolder, root_key_in
from provisioning.ca.keys import new_key, sealed
from provisioning.ca.names import organization_name
from provisioning.ca.passphrase import check_new_passphrase
from provisioning.ca.profile import Validity, pem
from provisioning.ca.record import AuthorityRecord, record_of
from provisioning.ca.records import CertificateRecords
from provisioning.ca.root_authority import RootAuthority

ORGANIZATION = "Household Energy Survey"
_UNFINISHED = ".unfinished"


def _nothing(_: str) -> None:
    """No one listens to the steps."""


def create_authority(
    path: Path,
    passphrase: Secret,
    root_passphrase: Secret,
    *,
    organization: str = ORGANIZATION,
    issuing_lifetime: timedelta = profile.ISSUING_LIFETIME,
    now: Callable[[], datetime] = real_time,
    after_step: Callable[[str], None] = _nothing,
) -> AuthorityFolder:
    """Make root, issuing authority, records and revocation lists in `path`, which must be new or empty.

    All of it is made beside `path` and renamed at the end: after a crash there is nothing in `path`, and
    the next run removes what was left. Raises Fault.
    """
    check_new_passphrase(passphrase)
    check_new_passphrase(root_passphrase)
    name = organization_name(organization)
    path = path.absolute()
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise Fault(f"{path} is there and not empty. Choose a new folder: an authority is never replaced.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_UNFINISHED}")
        maker = AuthorityFolder(unfinished).root  # the folder's own lock is taken for publishing
        maker.mkdir(mode=0o700, parents=True)
        unfinished.chmod(0o700)
        held = os.open(maker, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)  # says that its maker lives
            _fill(
                AuthorityFolder(unfinished),
                organization=name,
                passphrase=passphrase,
                root_passphrase=root_passphrase,
                issuing_lifetime=issuing_lifetime,
                now=now,
                after_step=after_step,
            )
            unfinished.rename(path)
        finally:
            os.close(held)
            shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as err:
        why = (err.strerror or type(err).__name__).lower()
        raise Fault(
            f"the authority cannot be made in {path}: {why}. Choose a folder you may write to."
        ) from err
    return AuthorityFolder(path)


def _fill(
    folder: AuthorityFolder,
    *,
    organization: x509.Name,
    passphrase: Secret,
    root_passphrase: Secret,
    issuing_lifetime: timedelta,
    now: Callable[[], datetime],
    after_step: Callable[[str], None],
) -> None:
    moment = now().replace(microsecond=0)
    key = new_key()
    validity = Validity(moment - profile.BACKDATED, moment + profile.ROOT_LIFETIME)
    root = profile.root_certificate(key, organization, validity)
    write_private(root_key_in(folder.root), sealed(key, root_passphrase))
    write_private(folder.root / "root.pem", pem(root))
    after_step("root key")
    with CertificateRecords(folder.records, create=True) as records:
        records.add_authority(
            AuthorityRecord(record=record_of(root, root, "root"), certificate=pem(root), takes_over_at=None)
        )
        after_step("root recorded")
        authority = RootAuthority(folder, records, root_passphrase, now=now)
        authority.new_issuing(passphrase, lifetime=issuing_lifetime, after_step=after_step)
        authority.renew_list()
        after_step("root list")
    with IssuingAuthority(folder.path, passphrase, now=now) as issuing:
        issuing.crl()
    after_step("published")


def _remove_leftovers(path: Path) -> None:
    """What a maker that was killed left beside `path`; a folder that is still locked is being made."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*{_UNFINISHED}"):
        try:
            descriptor = os.open(AuthorityFolder(left).root, os.O_RDONLY)
        except FileNotFoundError:
            shutil.rmtree(left, ignore_errors=True)
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)
        shutil.rmtree(left, ignore_errors=True)
