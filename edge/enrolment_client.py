"""Asking the centre for a certificate, over TLS that is verified by the bundle's authority alone."""

import base64
import ssl
from pathlib import Path
from typing import TypeVar

import msgspec
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from couch.enrolment import (
    ENROL_PATH,
    REFUSALS,
    RENEW_PATH,
    RETURN_PATH,
    CertificateAnswer,
    ChallengeAnswer,
    EnrolmentRefused,
    EnrolRequest,
    Problem,
    RenewRequest,
    ReturnRequest,
    proof_text,
)
from couch.errors import Fault, Unreachable
from edge.centre_identity import CentreIdentity, Key, signing_request

A = TypeVar("A", CertificateAnswer, ChallengeAnswer)
_TIMEOUT_S = (10.0, 30.0)
_LARGEST_ANSWER = 128 * 1024
# OpenSSL's X509_V_ERR_...: who signed it is unknown; it is not valid (yet) now; another name.
_UNKNOWN_ISSUER = (2, 18, 19, 20, 21)
_OUT_OF_TIME = (9, 10)
_OTHER_NAME = (62, 64)


class EnrolmentClient:
    """The centre as a device asks it. Each call raises EnrolmentRefused (the centre's word), Unreachable
    (try again later) or Fault (only a person can mend it)."""

    def __init__(self, url: str, identity: CentreIdentity) -> None:
        self._url, self._identity = url.rstrip("/"), identity

    def enrol(self, device: str, code: str, key: Key) -> str:
        """The first certificate with its chain, PEM."""
        body = EnrolRequest(device=device, code=code, csr=signing_request(key))
        return self._ask(ENROL_PATH, body, CertificateAnswer).chain

    def renew(self, key: Key) -> str:
        """Another certificate for the same key, proved by the one that holds."""
        body = RenewRequest(csr=signing_request(key))
        return self._ask(RENEW_PATH, body, CertificateAnswer, show=True).chain

    def come_back(self, key: Key) -> str:
        """Another certificate although ours has ended, proved by its key."""
        try:
            certificate = self._identity.certificate.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as err:
            raise Fault(f"{self._identity.certificate} cannot be read. Restore it, or join again.") from err
        challenge = self._ask(RETURN_PATH, ReturnRequest(certificate=certificate), ChallengeAnswer).challenge
        csr = signing_request(key)
        signature = key.sign(proof_text(challenge, csr), ec.ECDSA(SHA256()))
        body = ReturnRequest(
            certificate=certificate,
            challenge=challenge,
            signature=base64.b64encode(signature).decode(),
            csr=csr,
        )
        return self._ask(RETURN_PATH, body, CertificateAnswer).chain

    def _ask(self, path: str, body: msgspec.Struct, kind: type[A], *, show: bool = False) -> A:
        status, answer, kept_out = self._post(path, msgspec.json.encode(body), show=show)
        try:
            if status == 200:
                return msgspec.json.decode(answer, type=kind)
            problem = msgspec.json.decode(answer, type=Problem)
        except msgspec.MsgspecError as err:
            raise Unreachable(
                f"{self._url} answered {path} with status {status} and no word that this version knows."
            ) from err
        for code in REFUSALS:
            if problem.code == code:
                raise EnrolmentRefused(code, problem.detail, retry_after_s=kept_out)
        raise Unreachable(f"{self._url} refused {path}: {problem.detail or problem.title}")

    def _post(self, path: str, body: bytes, *, show: bool) -> tuple[int, bytes, int | None]:
        identity = self._identity
        with requests.Session() as session:
            session.trust_env = False
            session.verify = str(identity.ca)
            if show:
                session.cert = (str(identity.certificate), str(identity.key))
            try:
                answer = session.post(
                    self._url + path,
                    data=body,
                    headers={"Content-Type": "application/json", "Accept": "application/json"},
                    timeout=_TIMEOUT_S,
                    allow_redirects=False,
                    stream=True,
                )
                content = _read(answer)
            except requests.exceptions.SSLError as err:
                raise _tls_trouble(self._url, err, identity.ca) from err
            except requests.Timeout as err:
                raise Unreachable(f"{self._url} did not answer in time. Check the network.") from err
            except (requests.RequestException, OSError) as err:
                raise Unreachable(
                    f"{self._url} cannot be reached. Check the network, its name and its port."
                ) from err
        after = answer.headers.get("Retry-After", "")
        return answer.status_code, content, int(after) if after.isdigit() else None


def _read(answer: requests.Response) -> bytes:
    """The body; cut off where it is longer than any answer to us can be."""
    content = b""
    for piece in answer.iter_content(16_384):
        content += piece
        if len(content) > _LARGEST_ANSWER:
            break
    return content


def _tls_trouble(url: str, err: BaseException, ca: Path) -> Exception:
    """What a failed handshake means to people."""
    code = _verify_code(err)
    if code in _UNKNOWN_ISSUER:
        return Fault(
            f"what answers at {url} is not this survey's centre: {ca} did not issue its certificate. "
            "The bundle is another survey's, or something stands in between; tell the researchers."
        )
    if code in _OUT_OF_TIME:
        return Fault(
            f"the certificate of {url} is not valid at the time that this device's clock shows. "
            "Set the clock (timedatectl); if it is right, tell the researchers."
        )
    if code in _OTHER_NAME:
        return Fault(
            f"the certificate of {url} is for another name. Devices need the centre's DNS name; "
            "tell the researchers."
        )
    return Unreachable(f"{url} and this device could not agree on a secure connection. Check the clock.")


def _verify_code(err: BaseException) -> int | None:
    """OpenSSL's code in the error that requests and urllib3 have wrapped."""
    seen: object = err
    for _ in range(10):
        if isinstance(seen, ssl.SSLCertVerificationError):
            return seen.verify_code
        if not isinstance(seen, BaseException):
            return None
        inner = getattr(seen, "reason", None)
        first = seen.args[0] if seen.args else None
        seen = next(
            (
                each
                for each in (inner, first, seen.__cause__, seen.__context__)
                if isinstance(each, BaseException)
            ),
            None,
        )
    return None
