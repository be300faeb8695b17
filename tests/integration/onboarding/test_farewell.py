"""A device that was offline past the end of its certificate while its household was erased confirms it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from couch.bootstrap import erased_consent
from couch.bundle import bundle_text
from couch.client import Database
from couch.clock import to_rfc3339
from couch.documents import Erased, utc
from couch.erasure_marker import ErasureMarker
from couch.names import device_role, household_database, household_role
from couch.secret import Secret
from couch.settings import Endpoint
from edge.centre_identity import CentreIdentity
from edge.enrolment_client import EnrolmentClient
from edge.erasure_confirmation import Confirmation
from edge.erasure_files import erase_certificate
from edge.heartbeat import Vitals
from edge.joining import Joined, join
from edge.renewal import Renewal
from provisioning.enrolment_service import opened_enrolment

PASSPHRASE = Secret("correct horse battery staple")
EMAIL = b"ada@example.org"
DAYS = 120


@dataclass(frozen=True)
class Device:
    """`database`: its household's at the centre, in its roles."""

    joined: Joined
    identity: CentreIdentity
    database: Database


@pytest.fixture
def device(
    centre: Any, door: Any, tmp_path: Path, couch_admin: Endpoint, fresh_account: Callable[..., Any]
) -> Device:
    """A device with a certificate; the household's email stands in it."""
    bundle, file = centre.invited()
    file, folder = tmp_path / file.name, tmp_path / "device"
    file.write_text(bundle_text(msgspec.structs.replace(bundle, centre_url=door.url)))
    joined = join(file, folder)
    account = fresh_account(household_role(joined.household), device_role(joined.device))
    server = Endpoint(couch_admin.url, account.user, account.password).server()
    identity = CentreIdentity(folder / "ca.pem", folder / "device.pem", folder / "device.key")
    return Device(joined, identity, server.database(household_database(joined.household)))


def erase(centre: Any, household: str) -> None:
    database = centre.admin.database(household_database(household))
    database.set_security({**database.security(), "consent": erased_consent()})


def test_an_ended_certificate_becomes_a_farewell_without_email_that_confirms(
    device: Device, centre: Any, door: Any, app_of: Any
) -> None:
    joined, identity = device.joined, device.identity
    assert EMAIL in _der(identity)
    later = datetime.now(UTC) + timedelta(days=DAYS)
    vitals = Vitals()
    renewal = Renewal(
        identity,
        EnrolmentClient(door.url, identity),
        vitals=vitals,
        renewed=lambda: None,
        now=lambda: later,
    )
    confirming = Confirmation(
        device.database,
        vitals=vitals,
        identity=identity,
        come_back=renewal.look,
        longest_pause_s=0.05,
        now=lambda: later,
    )
    marker = ErasureMarker(
        device=joined.device,
        household=joined.household,
        told_at=utc(later),
        unsent_measurements=DAYS * 96,
        erased_at=utc(later),
    )
    erase(centre, joined.household)
    environ = {"SURVEY_CA_PASSPHRASE": PASSPHRASE.reveal()}
    with opened_enrolment(centre.settings(), environ, now=lambda: later) as moved:
        door.app = app_of(moved)
        assert confirming.run(marker, threading.Event())
    facts = identity.facts()
    assert facts is not None
    assert facts.farewell
    assert facts.not_after < later + timedelta(days=2), to_rfc3339(facts.not_after)
    assert EMAIL not in _der(identity)
    told = Erased.from_json(centre.database(joined.household).get(f"erased:{joined.device}"))
    assert told.unsent_measurements == DAYS * 96
    assert [path for path, _ in door.seen] == ["/enrol", "/return", "/return"]
    erase_certificate(identity)
    assert EMAIL not in b"".join(file.read_bytes() for file in identity.key.parent.iterdir())


def _der(identity: CentreIdentity) -> bytes:

    return x509.load_pem_x509_certificate(identity.certificate.read_bytes()).public_bytes(Encoding.DER)
