"""A centre in memory with households, and callers with certificates."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from webapp_fakes import FakeDatabase
from webapp_samples import NOW

from couch import certificate_extensions as own
from couch.certificate import CertificateFacts
from couch.documents import Json, Location, PvSystem
from couch.errors import Refused
from couch.names import SCOPES
from webapp.site import Entered, SignedIn, TurnedAway

OTHER_HOUSEHOLD = "5f000000-0000-4000-8000-00000000cccc"
OTHER_METER = "5f000000-0000-4000-8000-0000000000f1"
SECRET = b"a secret of the listener"
_KEY = ec.generate_private_key(ec.SECP256R1())


def certificate(
    device: str,
    household: str,
    scopes: tuple[str, ...] = SCOPES,
    *,
    start: datetime | None = None,
    days: int = 90,
    kind: own.Kind = own.DEVICE,
    serial: int = 0x0A0B0C,
) -> str:
    """The PEM of a device's certificate, signed by its own key: the listener judges the signature, not we."""
    start = start or datetime.now(UTC) - timedelta(days=1)
    names = [x509.UniformResourceIdentifier(f"urn:uuid:{uuid}") for uuid in (device, household)]
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(_KEY.public_key())
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
    )
    for extension in (
        x509.BasicConstraints(ca=False, path_length=None),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]),
        x509.SubjectAlternativeName([x509.RFC822Name("erika@example.org"), *names]),
        own.identity_extension(kind, device, household),
        own.scopes_extension(scopes),
    ):
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(_KEY, SHA256()).public_bytes(Encoding.PEM).decode()


def shown(pem: str, secret: bytes = SECRET) -> dict[str, str]:
    """The headers that the listener hands a certificate on with."""
    return {"X-Survey-Client-Cert": quote(pem, safe=""), "X-Survey-Proxy-Secret": secret.decode()}


class HouseholdDatabase(FakeDatabase):
    """A household's database with the gate of its validator."""

    def __init__(self, state: str = "not_granted") -> None:
        super().__init__()
        self.state = state
        self.breaks: str | None = None  # what the validator says no for

    def security(self) -> Json:
        self._ask()
        return {"consent": {"state": self.state, "erased": False}}

    def put_once(self, doc: Json) -> bool:
        if doc["type"] == "measurement":
            if self.state != "granted":
                raise _forbidden("measurement: consent is not granted")
            if self.breaks:
                raise _forbidden(self.breaks)
        return super().put_once(doc)


def _forbidden(reason: str) -> Refused:
    return Refused("refused", error="forbidden", reason=reason, status=403)


@dataclass
class Households:
    """The databases of households by uuid; another one's is never given out."""

    databases: dict[str, HouseholdDatabase] = field(default_factory=dict)

    def __call__(self, facts: CertificateFacts) -> Any:
        return self.databases[facts.household]

    def __iter__(self) -> Iterator[HouseholdDatabase]:
        return iter(self.databases.values())


_ROLES = {"R": "researcher", "A": "administrator", "N": "analyst"}


def session_of(role: str) -> str:
    """The id of a session with this role."""
    return next(letter for letter, name in _ROLES.items() if name == role) * 43


class Sessions:
    """Sessions whose id tells the role."""

    def begin(self, entered: Entered) -> str:
        raise NotImplementedError

    def find(self, token: str) -> SignedIn | None:
        role = _ROLES.get(token[0])
        return SignedIn((role,), "somebody", token) if role else None

    def end(self, token: str) -> None:
        raise NotImplementedError


class Door:
    """Nobody signs in here."""

    template = "error.html"

    def knock(self, form: Any, source: str) -> Entered | TurnedAway:
        raise NotImplementedError


def fill(api: Any) -> None:
    """The sample's household, granted and measuring, and another one beside it."""
    sample = api.sample
    mine, other = HouseholdDatabase("granted"), HouseholdDatabase("granted")
    api.households.databases = {sample.household: mine, OTHER_HOUSEHOLD: other}
    api.registry.docs.clear()
    api.registry.fails = None
    api.revoked.clear()
    slot = NOW.replace(minute=0)
    for doc in (
        sample.registration(),
        Location(latitude=50.9, longitude=6.9, source="geocoded").to_json(),
        *sample.meters(),
        PvSystem(
            pv_system="5f000000-0000-4000-8000-00000000ee01",
            nominal_power_kw=9.8,
            azimuth_deg=180,
            tilt_deg=30,
            installed_on=NOW.date(),
            meters=(sample.generation_meter,),
        ).to_json(),
        {**sample.heartbeat(versions={"survey": "1.0"}), "_id": f"heartbeat:{sample.device}"},
        sample.consent("granted"),
        *(sample.measurement(slot - number * timedelta(minutes=15)) for number in range(5)),
    ):
        mine.put_once(doc)
    other.put_once(sample.measurement(slot, meter=OTHER_METER))
    for number in range(3):
        api.registry.put_once(sample.summary(number).to_json())
