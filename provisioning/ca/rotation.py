"""Replacing the issuing authority while the earlier one's certificates stay valid."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from couch.secret import Secret
from provisioning.ca import profile
from provisioning.ca.authority import IssuingAuthority, real_time
from provisioning.ca.publication import living_issuers
from provisioning.ca.record import AuthorityRecord, has_taken_over
from provisioning.ca.revocation_list import Reason
from provisioning.ca.root_authority import RootAuthority

# In this time servers read the new `crl.pem` and `trust.pem`; then come the new authority's certificates.
NOTICE = timedelta(days=1)


def _nothing(_: str) -> None:
    """No one listens to the steps."""


def rotate(
    folder: Path,
    passphrase: Secret,
    root_passphrase: Secret,
    *,
    root: Path | None = None,
    notice: timedelta = NOTICE,
    lifetime: timedelta = profile.ISSUING_LIFETIME,
    now: Callable[[], datetime] = real_time,
    after_step: Callable[[str], None] = _nothing,
) -> AuthorityRecord:
    """Make the next issuing authority, publish it at once, and let it issue after `notice`.

    One that waits already is not doubled, so a run after a crash completes the first; with a shorter
    `notice` it takes over sooner. With no issuing authority in force the next one issues at once.
    Raises Fault.
    """
    with IssuingAuthority(folder, passphrase, now=now) as issuing:
        moment = now().replace(microsecond=0)
        with issuing.folder.locked():
            living = living_issuers(issuing.records, moment)
            if not any(has_taken_over(each, moment) for each in living):
                notice = timedelta(0)
            waiting = [each for each in living if not has_taken_over(each, moment)]
            above = RootAuthority(issuing.folder, issuing.records, root_passphrase, root=root, now=now)
            if waiting:
                made = _sooner(issuing, waiting[0], moment + notice)
            else:
                made = above.new_issuing(
                    passphrase, takes_over_after=notice, lifetime=lifetime, after_step=after_step
                )
            above.renew_list()
            after_step("root list")
        issuing.crl()
    return made


def revoke_issuing(
    folder: Path,
    passphrase: Secret,
    root_passphrase: Secret,
    serial: str,
    reason: Reason,
    *,
    root: Path | None = None,
    now: Callable[[], datetime] = real_time,
) -> bool:
    """Revoke an issuing authority and all that it issued; False when that had been done. Raises Fault."""
    with IssuingAuthority(folder, passphrase, now=now) as issuing:
        with issuing.folder.locked():
            above = RootAuthority(issuing.folder, issuing.records, root_passphrase, root=root, now=now)
            changed = above.revoke_issuing(serial, reason)
        issuing.crl()
    return changed


def renew_root_list(
    folder: Path,
    passphrase: Secret,
    root_passphrase: Secret,
    *,
    root: Path | None = None,
    now: Callable[[], datetime] = real_time,
) -> None:
    """Sign the root's own list anew and publish it. Raises Fault."""
    with IssuingAuthority(folder, passphrase, now=now) as issuing:
        with issuing.folder.locked():
            RootAuthority(issuing.folder, issuing.records, root_passphrase, root=root, now=now).renew_list()
        issuing.crl()


def _sooner(issuing: IssuingAuthority, waiting: AuthorityRecord, at: datetime) -> AuthorityRecord:
    if waiting.takes_over_at is not None and waiting.takes_over_at <= at:
        return waiting
    issuing.records.take_over(waiting.record.serial, at)
    return replace(waiting, takes_over_at=at)
