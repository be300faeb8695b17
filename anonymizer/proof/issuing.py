"""Receipts as files: written when an erasure is done and anew whenever a device confirms it."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from anonymizer.connections import Centre
from anonymizer.erasure_record import find_erasure
from anonymizer.proof.hold import find_proof
from anonymizer.proof.receipt import CertificateKept, make_receipt
from anonymizer.proof.signing import SigningKey, signing_key
from couch.centre_settings import CentreSettings
from couch.clock import Clock
from couch.documents import Erasure, Json
from couch.errors import Fault
from couch.private_files import write_private

_log = logging.getLogger(__name__)

CertificatesOf = Callable[[str], Sequence[CertificateKept]]


def no_certificates(_household: str) -> Sequence[CertificateKept]:
    """Of a survey without a certificate authority."""
    return ()


@dataclass(frozen=True, slots=True)
class Issuer:
    """Signs receipts and puts them into a folder, named by the household's uuid."""

    key: SigningKey
    folder: Path
    clock: Clock
    certificates: CertificatesOf = no_certificates

    def issue(self, centre: Centre, record: Erasure) -> Json:
        """The receipt as things stand, also in its file. Raises Fault, CouchError."""
        receipt = self.key.sign(
            make_receipt(
                record,
                find_proof(centre, record.household),
                self.certificates(record.household),
                self.clock.now(),
            )
        )
        write_private(self.file(record.household), json.dumps(receipt, indent=2, ensure_ascii=False) + "\n")
        return receipt

    def file(self, household: str) -> Path:
        return self.folder / f"{household}.json"

    def issue_those_erased(self, centre: Centre, households: Sequence[str]) -> list[Json]:
        """The receipts of those households that are erased at the centre. Raises Fault, CouchError."""
        records = [find_erasure(centre.registry, household) for household in households]
        return [
            self.issue(centre, record)
            for record in records
            if record is not None and record.next_step is None
        ]


def receipt_issuer(
    settings: CentreSettings, clock: Clock, certificates: CertificatesOf = no_certificates
) -> Issuer:
    """The issuer that the settings describe; the key is made where there is none. Raises Fault."""
    return Issuer(signing_key(settings.proof.key), settings.proof.receipts, clock, certificates)


def receipt_teller(
    settings: CentreSettings, clock: Clock, certificates: CertificatesOf
) -> Callable[[Centre, Erasure], None]:
    """What the worker calls when an erasure ends and when a device confirms: the receipt is written.

    Nothing where the survey has no key for receipts yet. A receipt that cannot be written does not hold up
    an erasure; `survey receipt issue` writes it later.
    """

    def tell(centre: Centre, record: Erasure) -> None:
        if not settings.proof.key.exists():
            return
        try:
            receipt_issuer(settings, clock, certificates).issue(centre, record)
        except Fault as err:
            _log.warning("a receipt was not written: %s Then: survey receipt issue.", err)

    return tell
