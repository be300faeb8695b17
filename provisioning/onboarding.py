"""What the onboarding commands work with, opened from the centre's settings and closed at the end."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from couch.centre_settings import CentreSettings
from couch.client import Server
from couch.secret import SettingsError
from provisioning.ca.authority import IssuingAuthority, real_time
from provisioning.ca.folder import existing_folder
from provisioning.ca.passphrase import given_passphrase
from provisioning.ca.publication import root_of
from provisioning.ca.records import CertificateRecords
from provisioning.device_bundle import BundleMaker
from provisioning.enrolment_store import EnrolmentStore


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreMemory:
    """What the centre remembers about devices: certificates (`records`), codes and returns (`store`)."""

    records: CertificateRecords
    store: EnrolmentStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Onboarding:
    """Connections to the central database, and the maker of bundles."""

    admin: Server
    worker: Server
    memory: CentreMemory
    bundles: BundleMaker


@contextmanager
def opened_memory(ca_folder: Path) -> Iterator[CentreMemory]:
    """Raises Fault where there is no certificate authority."""
    folder = existing_folder(ca_folder)
    with CertificateRecords(folder.records) as records, EnrolmentStore(folder.path) as store:
        yield CentreMemory(records=records, store=store)


@contextmanager
def opened_onboarding(
    settings: CentreSettings, out: Path, *, now: Callable[[], datetime] = real_time
) -> Iterator[Onboarding]:
    """`out`: the folder of the bundles. Raises Fault: no authority, no address for devices."""
    with ExitStack() as stack:
        memory = stack.enter_context(opened_memory(settings.ca_folder))
        yield Onboarding(
            admin=stack.enter_context(settings.admin_server()),
            worker=stack.enter_context(settings.worker_server()),
            memory=memory,
            bundles=BundleMaker(
                memory.store,
                memory.records,
                root=root_of(memory.records).certificate,
                centre_url=settings.device_url or settings.url,
                out=out,
                now=now,
            ),
        )


@contextmanager
def opened_signer(settings: CentreSettings, environ: Mapping[str, str]) -> Iterator[IssuingAuthority | None]:
    """The authority that signs `crl.pem` anew; None where no pass phrase is given on this machine.

    The gateway asks the records, so a revocation holds without it. Raises Fault: a wrong pass phrase.
    """
    try:
        passphrase = given_passphrase(settings.ca_passphrase_file, environ)
    except SettingsError:
        if settings.ca_passphrase_file is not None:
            raise
        yield None
        return
    with IssuingAuthority(settings.ca_folder, passphrase) as authority:
        yield authority
