"""The gateway: reads the certificate, looks its standing up, decides, puts the token on, logs refusals."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

from couch.admission import Admitted, Denied, shown_path
from couch.certificate import BadCertificate, CertificateFacts, read_certificate
from couch.client import Server
from couch.documents.fields import Json
from couch.names import household_database
from webapp.connections import PerThread
from webapp.gateway.decision import decide
from webapp.gateway.standing import Standings, Verdict
from webapp.gateway.tokens import Mint

_log = logging.getLogger(__name__)


class Gateway:
    """Satisfies `couch.admission.Authorize` by `authorize`; safe to share between threads."""

    def __init__(
        self, standings: Standings, mint: Mint, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """`now` is real time: certificates and tokens know no other."""
        self._standings, self._mint, self._now = standings, mint, now

    def authorize(self, certificate: bytes | None, method: str, target: str) -> Admitted | Denied:
        """Judge one request. Raises CouchError, Fault when that cannot be done now."""
        facts: CertificateFacts | None = None
        try:
            facts = None if certificate is None else _facts(certificate)
        except BadCertificate as err:
            decision: Admitted | Denied = Denied(403, "certificate_unknown", str(err).replace('"', ""))
        else:
            decision = self._decide(facts, method, target)
        if isinstance(decision, Denied):
            _log_refusal(facts, method, target, decision)
        return decision

    def _decide(self, facts: CertificateFacts | None, method: str, target: str) -> Admitted | Denied:
        now = self._now()
        standing = None if facts is None else self._standings.of(facts)
        decision = decide(facts, standing, method, target, now)
        if isinstance(decision, Denied) or decision.door != "database":
            return decision
        token = self._mint.token(decision.subject, decision.roles, int(now.timestamp()))
        return Admitted(
            door=decision.door, subject=decision.subject, roles=decision.roles, token=f"Bearer {token}"
        )


def open_gateway(
    server: Callable[[], Server], key: bytes, verdict: Callable[[CertificateFacts], Verdict]
) -> Gateway:
    """A gateway in front of the database that `server` opens a connection to (one is made for each thread).

    Its account must be a member of the household databases. `key` signs tokens, the database knows it;
    `verdict` asks the authority's records about a certificate. Raises Fault when the key is too short.
    """
    connection = PerThread(server)

    def security(household: str) -> Json:
        return connection().database(household_database(household)).security()

    return Gateway(Standings(verdict=verdict, security=security), Mint(key))


@lru_cache(maxsize=4096)
def _facts(certificate: bytes) -> CertificateFacts:
    return read_certificate(certificate)


def _log_refusal(facts: CertificateFacts | None, method: str, target: str, decision: Denied) -> None:
    """Serial, device, what was asked for and why not."""
    who = "nobody" if facts is None else f"certificate {facts.serial} of device {facts.device}"
    _log.warning("refused %s: %s %s: %s", who, ascii(method[:16]), shown_path(target), decision.error)
