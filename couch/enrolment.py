"""What a device and the centre say to each other about its certificate: bodies, refusals, the proof.

| request | who | body | answer |
|---|---|---|---|
| `POST /enrol` | a new device, without a certificate | `EnrolRequest` | `CertificateAnswer` |
| `POST /renew` | a device, by its certificate | `RenewRequest` | `CertificateAnswer` |
| `POST /return` | a device whose certificate has ended | `ReturnRequest`, bare | `ChallengeAnswer` |
| `POST /return` | the same, with the proof by its old key | `ReturnRequest` | `CertificateAnswer` |

A refusal is a problem (RFC 9457) with the member `code`, one of REFUSALS. Times are real time: certificates
are judged by TLS, which knows no other.
"""

import hashlib
from typing import Annotated, Literal, get_args

import msgspec

from couch.documents.fields import Uuid

ENROL_PATH = "/enrol"
RENEW_PATH = "/renew"
RETURN_PATH = "/return"

Pem = Annotated[str, msgspec.Meta(min_length=1, max_length=16_384)]
Short = Annotated[str, msgspec.Meta(max_length=400)]

Refusal = Literal[
    "malformed",  # the body, or the signing request in it
    "code_wrong",
    "code_used",
    "code_expired",
    "too_many",  # wrong codes, or certificates in a day: wait
    "certificate_unknown",  # not of this survey, or another than what was issued
    "certificate_revoked",
    "certificate_valid",  # it has not ended: renew it
    "certificate_missing",  # renewal without a certificate
    "beyond_grace",  # it ended too long ago
    "challenge_old",
    "proof_wrong",
    "household_erased",
    "unavailable",  # the centre's own trouble: try again
]
REFUSALS: tuple[Refusal, ...] = get_args(Refusal)
_STATUS: dict[Refusal, int] = {
    "malformed": 400,
    "too_many": 429,
    "certificate_missing": 401,
    "certificate_valid": 409,
    "code_used": 410,
    "code_expired": 410,
    "beyond_grace": 410,
    "unavailable": 503,
}


class EnrolmentRefused(Exception):  # noqa: N818 - named for what happened
    """The centre gives no certificate.

    Attributes: `code` says which next action is left, `reason` in words, `status` of the HTTP answer,
    `retry_after_s` after which another try makes sense.
    """

    def __init__(self, code: Refusal, reason: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(reason)
        self.code, self.reason, self.retry_after_s = code, reason, retry_after_s
        self.status = _STATUS.get(code, 403)


class EnrolRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`code` is the one in the device's bundle; `csr` a PKCS#10 request in PEM."""

    device: Uuid
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    csr: Pem

    def __repr__(self) -> str:  # the code is a secret until it was used
        return f"EnrolRequest(device={self.device!r})"


class RenewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    csr: Pem


class ReturnRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`certificate`: the one that has ended. `signature`: `proof_text` signed by its key, ECDSA with SHA-256,
    base64 of the DER form; without a challenge this asks for one."""

    certificate: Pem
    challenge: Short = ""
    signature: Short = ""
    csr: Annotated[str, msgspec.Meta(max_length=16_384)] = ""


class CertificateAnswer(msgspec.Struct, frozen=True):
    """`chain`: PEM, the device's certificate first, then the issuing authority's."""

    chain: str


class ChallengeAnswer(msgspec.Struct, frozen=True):
    challenge: str


class Problem(msgspec.Struct, frozen=True):
    """A refusal as it travels (RFC 9457, 3.1)."""

    title: str
    status: int
    detail: str
    code: str
    type: str = "about:blank"


def proof_text(challenge: str, csr: str) -> bytes:
    """What the old key signs: the centre's challenge and the very request that it is to grant."""
    digest = hashlib.sha256(csr.encode()).hexdigest()
    return f"survey return 1\n{challenge}\n{digest}\n".encode()
