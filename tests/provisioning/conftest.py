"""A certificate authority, its memory and households in memory, at a time that a test moves."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from couch.bundle import Bundle, read_bundle
from couch.enrolment import EnrolRequest
from couch.errors import Unreachable
from couch.secret import Secret
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.creation import create_authority
from provisioning.device_bundle import BundleMaker, DeviceEntry, Handed
from provisioning.enrolment import Enrolment
from provisioning.enrolment_households import HouseholdStanding
from provisioning.enrolment_store import EnrolmentStore
from provisioning.onboarding import CentreMemory

PASSPHRASE = Secret("correct horse battery staple")
START = datetime(2027, 3, 1, 12, tzinfo=UTC)


class HouseholdsInMemory:
    """What provisioning.enrolment_households.CentralHouseholds asks the databases."""

    def __init__(self) -> None:
        self.erased: set[str] = set()
        self.reachable = True
        self.serials: dict[str, str] = {}

    def standing(self, household: str) -> HouseholdStanding:
        if not self.reachable:
            raise Unreachable("the database does not answer")
        if household in self.erased:
            return HouseholdStanding(erased=True)
        return HouseholdStanding(erased=False, email="ada@example.org")

    def note_serial(self, household: str, device: str, serial: str) -> None:
        self.serials[device] = serial


@dataclass
class EnrolmentBench:
    """The centre's side of enrolment; `now` moves, the keys are the devices'."""

    folder: Path
    at: datetime = START
    households: HouseholdsInMemory = field(default_factory=HouseholdsInMemory)

    def __post_init__(self) -> None:
        self.authority = IssuingAuthority(self.folder / "ca", PASSPHRASE, now=self.now)
        self.store = EnrolmentStore(self.folder / "ca")
        self.memory = CentreMemory(records=self.authority.records, store=self.store)
        self.restart()

    def restart(self) -> None:
        """A new process of the centre over the same files."""
        self.enrolment = Enrolment(self.authority, self.store, self.households, now=self.now)

    def now(self) -> datetime:
        return self.at

    def pass_time(self, **parts: float) -> None:
        self.at += timedelta(**parts)

    def maker(self) -> BundleMaker:
        return BundleMaker(
            self.store,
            self.authority.records,
            root=self.authority.root_certificate(),
            centre_url="https://centre.example.org:6984",
            out=self.folder / "bundles",
            now=self.now,
        )

    def entry(self, device: str | None = None, household: str | None = None) -> DeviceEntry:
        return DeviceEntry(
            household=household or str(uuid.uuid4()),
            device=device or str(uuid.uuid4()),
            name="cellar",
            local_url="http://127.0.0.1:5984",
            meters=(),
        )

    def hand_out(self, entry: DeviceEntry) -> Handed:
        return self.maker().hand_out(entry)

    def bundle(self, entry: DeviceEntry | None = None) -> Bundle:
        handed = self.hand_out(entry or self.entry())
        assert handed.bundle is not None
        return read_bundle(handed.bundle)

    def enrol(self, bundle: Bundle, key: ec.EllipticCurvePrivateKey, code: str | None = None) -> str:
        request = EnrolRequest(
            device=bundle.device, code=bundle.code.reveal() if code is None else code, csr=csr(key)
        )
        return self.enrolment.enrol(request).chain

    def joined(self) -> tuple[Bundle, ec.EllipticCurvePrivateKey, str]:
        """A device with its first certificate: its bundle, key and chain."""
        bundle, key = self.bundle(), new_key()
        return bundle, key, self.enrol(bundle, key)

    def close(self) -> None:
        self.store.close()
        self.authority.close()


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def csr(key: ec.EllipticCurvePrivateKey) -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Any]:
    create_authority(tmp_path / "ca", PASSPHRASE, PASSPHRASE, now=lambda: START)
    made = EnrolmentBench(tmp_path)
    yield made
    made.close()


@pytest.fixture
def signing_request() -> Any:
    """`signing_request(key)`: a PKCS#10 request in PEM."""
    return csr


@pytest.fixture
def device_key() -> Any:
    """`device_key()`: a fresh key on P-256."""
    return new_key
