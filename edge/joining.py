"""Joining the survey: from a bundle to a device that the centre knows. Run again, it goes on where it ended.

Order: nothing is written before the bundle, the clock and the folder have been looked at; then whom to trust,
the key, the settings, and at the end the certificate, each file whole or not at all. The code is spent by the
centre alone; whoever spent it comes again with the same key, so a lost answer costs nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from cryptography import x509

from couch.bundle import Bundle, read_bundle
from couch.certificate import CertificateFacts
from couch.clock import to_rfc3339
from couch.enrolment import EnrolmentRefused
from couch.errors import Fault, Unreachable
from couch.private_files import write_private
from edge.centre_identity import (
    CA_FILE,
    CERTIFICATE_FILE,
    KEY_FILE,
    CentreIdentity,
    IdentityState,
    Key,
    check_chain,
    state_at,
)
from edge.device_files import SETTINGS_FILES, KeptDevice, kept_device, write_device_files
from edge.enrolment_client import EnrolmentClient
from edge.heads.head_address import parse_head
from edge.one_writer import alone_in

ALL_FILES = (CA_FILE, KEY_FILE, CERTIFICATE_FILE, *SETTINGS_FILES)
# A clock this far behind the centre's still does: certificates begin five minutes before they are made.
_BEHIND = timedelta(minutes=5)


class Centre(Protocol):
    """See edge.enrolment_client.EnrolmentClient."""

    def enrol(self, device: str, code: str, key: Key) -> str: ...


OpenCentre = Callable[[str, CentreIdentity], Centre]
AfterStep = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """`written`: names of the files that were made; `missing`: what a person has yet to say, in words."""

    device: str
    household: str
    facts: CertificateFacts
    already: bool
    written: tuple[str, ...]
    missing: tuple[str, ...]


def _real_time() -> datetime:
    return datetime.now(UTC)


def _nothing_more(_step: str) -> None:
    """Nobody listens to the steps."""


def join(
    bundle_file: Path,
    folder: Path,
    *,
    now: Callable[[], datetime] = _real_time,
    open_centre: OpenCentre = EnrolmentClient,
    after_step: AfterStep = _nothing_more,
) -> Joined:
    """Make `folder` hold this device's identity and settings. `now`: real time.

    Raises Fault, which says what is missing and what to do; Unreachable while the centre does not answer.
    """
    bundle = read_bundle(bundle_file)
    moment = now()
    _check_meters(bundle)
    _check_clock(bundle, moment)
    _authorities(bundle)
    identity = CentreIdentity(folder / CA_FILE, folder / CERTIFICATE_FILE, folder / KEY_FILE)
    _look(bundle, folder, identity, moment)
    with alone_in(folder, ALL_FILES):
        found = _look(bundle, folder, identity, moment)
        written = []
        if write_private(identity.ca, _authorities(bundle), replace=found.usable is None):
            written.append(CA_FILE)
        after_step("authority")
        fresh = not identity.key.exists()
        key = identity.ensure_key()
        written += [KEY_FILE] if fresh else []
        after_step("key")
        written += write_device_files(folder, bundle, found.kept)
        after_step("settings")
        facts = found.usable
        if facts is None:
            chain = _ask(open_centre(bundle.centre_url, identity), bundle, key)
            after_step("answer")
            facts = identity.take(chain, key, device=bundle.device, household=bundle.household)
            written.append(CERTIFICATE_FILE)
            after_step("certificate")
    return Joined(
        device=bundle.device,
        household=bundle.household,
        facts=facts,
        already=found.usable is not None,
        written=tuple(written),
        missing=_missing(bundle, folder),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """What an earlier run left: settings, and a certificate that can be `usable` now."""

    kept: KeptDevice | None
    usable: CertificateFacts | None


def _look(bundle: Bundle, folder: Path, identity: CentreIdentity, moment: datetime) -> _Found:
    """Raises Fault when the folder is another device's, or nothing can be joined any more."""
    kept, facts = kept_device(folder), identity.facts()
    _check_folder(bundle, folder, facts, kept)
    if _usable(identity, facts, moment):
        return _Found(kept, facts)
    if moment >= bundle.expires:
        raise Fault(_too_late(bundle, facts, moment))
    return _Found(kept, None)


def _ask(centre: Centre, bundle: Bundle, key: Key) -> str:
    """The chain. The centre's refusals become what a person can do about them."""
    try:
        return centre.enrol(bundle.device, bundle.code.reveal(), key)
    except Unreachable as err:
        raise Unreachable(f"{err} Then run this again: nothing is lost.") from err
    except EnrolmentRefused as err:
        remedies = {
            "code_wrong": "Ask the researchers for a new bundle: this code is not, or no longer, known.",
            "code_used": "Another device used this bundle. Tell the researchers at once.",
            "code_expired": "Ask the researchers for a new bundle.",
            "household_erased": "This household's data was erased; nothing can join it any more.",
        }
        waits = f" in {err.retry_after_s} s" if err.retry_after_s else " later"
        remedy = remedies.get(err.code, f"Run this again{waits}; if it repeats, tell the researchers.")
        raise Fault(f"the centre did not let this device join: {err.reason}. {remedy}") from err


def _check_clock(bundle: Bundle, moment: datetime) -> None:
    if moment < bundle.made - _BEHIND:
        raise Fault(
            f"the clock is not set: it says {to_rfc3339(moment)}, before this bundle was made "
            f"({to_rfc3339(bundle.made)}). Set it (timedatectl set-ntp true) and run this again."
        )


def _too_late(bundle: Bundle, facts: CertificateFacts | None, moment: datetime) -> str:
    if state_at(facts, moment) is IdentityState.ENDED:
        return (
            "this device has joined before; its certificate and the code in this bundle have ended. "
            "Start the agent (survey edge run): it asks the centre for another one."
        )
    return (
        f"the code in this bundle ended at {to_rfc3339(bundle.expires)} and the clock says "
        f"{to_rfc3339(moment)}. If the clock is right, ask the researchers for a new bundle."
    )


def _check_meters(bundle: Bundle) -> None:
    for meter in bundle.meters:
        if meter.head is not None:
            parse_head(meter.head)


def _check_folder(
    bundle: Bundle, folder: Path, facts: CertificateFacts | None, kept: KeptDevice | None
) -> None:
    """One folder, one device: another one's identity is never overwritten."""
    wanted = (bundle.device, bundle.household)
    named = {(each.device, each.household) for each in (facts, kept) if each is not None}
    if named - {wanted}:
        raise Fault(
            f"{folder} holds the files of another device than this bundle's. "
            "Join in an empty folder (--folder), or move those files away."
        )


def _usable(identity: CentreIdentity, facts: CertificateFacts | None, moment: datetime) -> bool:
    """Whether the certificate that stands there holds, for the key that stands there."""
    if state_at(facts, moment) not in (IdentityState.VALID, IdentityState.DUE):
        return False
    if not identity.key.exists() or not identity.ca.exists():
        return False
    try:
        check_chain(identity.certificate.read_text(encoding="ascii"), identity.load_key(), identity.ca)
    except (Fault, OSError, UnicodeDecodeError):
        return False
    return True


def _authorities(bundle: Bundle) -> str:
    """The bundle's authority, as PEM. Raises Fault when it is none."""
    try:
        x509.load_pem_x509_certificates(bundle.ca.encode())
    except ValueError as err:
        raise Fault("the bundle holds no certificate of the survey's authority. Copy it again.") from err
    return bundle.ca.strip() + "\n"


def _missing(bundle: Bundle, folder: Path) -> tuple[str, ...]:
    return tuple(
        f"where the head of meter {meter.name or meter.meter} is plugged in: "
        f"complete its [[meters]] table in {folder / 'device.toml'}"
        for meter in bundle.meters
        if meter.head is None
    )
