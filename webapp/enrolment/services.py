"""What the enrolment endpoints work with, handed over by the front door."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from couch.certificate import CertificateFacts
from couch.enrolment import CertificateAnswer, ChallengeAnswer, EnrolRequest, RenewRequest, ReturnRequest


def _real_time() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class EnrolmentServices:
    """Each of the three raises couch.enrolment.EnrolmentRefused.

    `proxy_secret`: what the TLS listener in front of us proves itself by. `now`: real time.
    """

    enrol: Callable[[EnrolRequest], CertificateAnswer]
    renew: Callable[[CertificateFacts, RenewRequest], CertificateAnswer]
    come_back: Callable[[ReturnRequest], CertificateAnswer | ChallengeAnswer]
    proxy_secret: bytes
    now: Callable[[], datetime] = _real_time
