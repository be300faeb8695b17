"""With the wrong certificate, or none: no address opens but enrolment."""

# ruff: noqa: E501 - a table: a row is read across

import ssl
import time

from attempt import Attempt
from raw_client import Reply, Tls
from security_pages import KEPT_S

OWN = "/household-<own>"
_REFUSED_BY_TLS = "shut"  # the listener ends the handshake; nginx says why, in an answer of its own
_UNFIT = "400 certificate_unfit"
_OTHER = "/household-<other>"


def _after_revocation(world: object) -> Reply:
    """A connection that was open before the certificate was revoked, used again after it."""
    with world.connect("revoked_while_connected") as connection:
        asked = f"GET /household-{world.places['own']}/_security HTTP/1.1\r\nHost: {world.host('devices')}\r\n\r\n"
        connection.send([asked.encode()])
        assert connection.one().statuses == (200,)
        world.authority.revoke_quietly("revoked_while_connected")
        ends = time.monotonic() + KEPT_S + 2
        while time.monotonic() < ends:
            connection.send([asked.encode()])
            if (answer := connection.one()).statuses != (200,):
                break
        return answer


ATTEMPTS = (
    Attempt(tries="reads the household without a certificate", who="nobody", target=f"{OWN}/_security",
            must="401 certificate_missing"),
    Attempt(tries="lists all databases without a certificate", who="nobody", target="/_all_dbs",
            must="401 certificate_missing"),
    Attempt(tries="calls the REST API without a certificate", who="nobody", target="/account",
            must="401 certificate_missing"),
    Attempt(tries="renews without a certificate", who="nobody", method="POST", target="/renew",
            body='{"csr":"x"}', must="401 certificate_missing"),
    Attempt(tries="writes without a certificate", who="nobody", method="POST", target=f"{OWN}/_bulk_docs",
            body='{"docs":[]}', must="401 certificate_missing"),
    Attempt(tries="shows a certificate it signed itself", who="self_signed", target=f"{OWN}/_security",
            must=_REFUSED_BY_TLS, nginx=_UNFIT),
    Attempt(tries="shows a certificate of another authority with the same name", who="foreign_authority",
            target=f"{OWN}/_security", must=_REFUSED_BY_TLS, nginx=_UNFIT),
    Attempt(tries="shows a certificate that has ended", who="expired", target=f"{OWN}/_security",
            must=_REFUSED_BY_TLS, nginx=_UNFIT),
    Attempt(tries="shows a certificate that has not begun", who="not_yet_valid", target=f"{OWN}/_security",
            must=_REFUSED_BY_TLS, nginx=_UNFIT),
    Attempt(tries="shows a revoked certificate", who="revoked", target=f"{OWN}/_security",
            must="403 certificate_revoked", nginx=_UNFIT),
    Attempt(tries="calls the REST API with a revoked certificate", who="revoked", target="/account",
            must="403 certificate_revoked", nginx=_UNFIT),
    Attempt(tries="shows a certificate that was revoked after the list was published",
            who="revoked_after_the_list", target=f"{OWN}/_security", must="403 certificate_revoked"),
    Attempt(tries="renews a certificate that was revoked after the list was published",
            who="revoked_after_the_list", method="POST", target="/renew", body='{"csr":"x"}',
            must="403 certificate_revoked"),
    Attempt(tries="goes on over a connection from before its revocation", steps=_after_revocation,
            must="403 certificate_revoked", settles=True),
    Attempt(tries="shows a certificate that the authority's key signed but nobody recorded", who="unrecorded",
            target=f"{OWN}/_security", must="403 certificate_unknown"),
    Attempt(tries="shows a certificate whose validity differs from the recorded one", who="another_validity",
            target=f"{OWN}/_security", must="403 certificate_unknown"),
    Attempt(tries="shows a certificate that names another household than the recorded one",
            who="another_household", target=f"{_OTHER}/_security", must="403 certificate_unknown"),
    Attempt(tries="shows a certificate signed by a device", who="signed_by_a_device",
            target=f"{OWN}/_security", must=_REFUSED_BY_TLS, nginx=_UNFIT),
    Attempt(tries="shows the server's certificate", who="server", target=f"{OWN}/_security",
            must=_REFUSED_BY_TLS, nginx=_UNFIT),
    Attempt(tries="shows the issuing authority's certificate", who="issuing", target=f"{OWN}/_security",
            must=_REFUSED_BY_TLS, nginx=_UNFIT),
    Attempt(tries="shows a certificate without a device's identity", who="without_identity",
            target=f"{OWN}/_security", must="403 certificate_unknown"),
    Attempt(tries="shows a certificate whose names contradict each other", who="contradictory",
            target=f"{OWN}/_security", must="403 certificate_unknown"),
    Attempt(tries="speaks TLS 1.1", tls=Tls(newest=ssl.TLSVersion.TLSv1_1, ciphers="ALL:@SECLEVEL=0"),
            target=f"{OWN}/_security", must="shut", logged=False),
    Attempt(tries="speaks TLS 1.2 with a cipher of CBC and SHA-1",
            tls=Tls(newest=ssl.TLSVersion.TLSv1_2, ciphers="ECDHE-ECDSA-AES128-SHA"),
            target=f"{OWN}/_security", must="shut", logged=False),
    Attempt(tries="speaks without TLS", steps=lambda world: world.without_tls(f"GET {OWN}/_security HTTP/1.1\r\nHost: <host>\r\n\r\n"),
            must="shut", nginx="400"),
    Attempt(tries="as a device of an erased household, reads its database", who="of_an_erased_household",
            target="/household-<erased>", must="403 household_erased"),
    Attempt(tries="as a device of an erased household, calls the REST API", who="of_an_erased_household",
            target="/account", must="403 household_erased"),
    Attempt(tries="as a device of an erased household, pushes", who="of_an_erased_household", method="POST",
            target="/household-<erased>/_bulk_docs", body='{"docs":[{"_id":"registration"}]}',
            must="403 household_erased"),
    Attempt(tries="with a farewell certificate, lists meters", who="farewell",
            target='/household-<erased>/_all_docs?start_key=%22meter%3A%22&end_key=%22meter%3A%EF%BF%B0%22&limit=9',
            must="403 household_erased"),
    Attempt(tries="with a farewell certificate, sends a heartbeat", who="farewell", method="PUT",
            target="/household-<erased>/heartbeat:<erased_device>", body="{}", must="403 household_erased"),
    Attempt(tries="with a farewell certificate, confirms for another device", who="farewell", method="PUT",
            target="/household-<erased>/erased:<other_device>", body="{}", must="403 household_erased"),
    Attempt(tries="with a farewell certificate, reads another household's consent", who="farewell",
            target=f"{OWN}/_security", must="403 household_erased"),
)  # fmt: skip
