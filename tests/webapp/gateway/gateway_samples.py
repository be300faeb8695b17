"""A device of a household, and what it may ask."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

from couch.admission import Admitted, Denied
from couch.certificate import CertificateFacts
from couch.documents import ConsentState
from couch.names import SCOPES
from webapp.gateway.decision import decide
from webapp.gateway.standing import Standing

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
DEVICE = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c01"
HOUSEHOLD = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c02"
OTHER_HOUSEHOLD = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c03"
OTHER_DEVICE = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c04"
METER = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c05"
OWN = f"/household-{HOUSEHOLD}"
CHECKPOINT = "5b05ba8affa67df2931428e09d5adf77"
REVISION = "1-53f22508ddc2ba94c3d67d88f64de11c"


def device(*, scopes=SCOPES, farewell: bool = False, days: int = 90) -> CertificateFacts:
    return CertificateFacts(
        serial="0a0b",
        device=DEVICE,
        household=HOUSEHOLD,
        scopes=frozenset() if farewell else frozenset(scopes),
        not_before=NOW - timedelta(days=1),
        not_after=NOW + timedelta(days=days),
        farewell=farewell,
    )


def standing(verdict="good", *, erased: bool = False, consent=ConsentState.GRANTED) -> Standing:
    return Standing(verdict, erased, ConsentState.REVOKED if erased else consent)


GOOD = standing()


def ask(method: str, target: str, facts=None, how: Standing = GOOD) -> Admitted | Denied:
    return decide(facts or device(), how, method, target, NOW)


def listing(prefix: str, start: str = "", **more: str) -> str:
    keys = {"start_key": f'"{start or prefix}"', "end_key": f'"{prefix}\ufff0"'}
    return f"{OWN}/_all_docs?{urlencode({'limit': '1001', 'include_docs': 'false', **keys, **more})}"


def one(document: str) -> str:
    """As a replicator reads a revision alone."""
    query = {"revs": "true", "open_revs": f'["{REVISION}"]', "latest": "true"}
    return f"{OWN}/{quote(document, safe='')}?{urlencode(query)}"


# What a device asks, as it is sent, and the scopes without any of which it is refused. Traced from the agent,
# the node's replicator and CouchDB 3.5.0's.
ASKED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("GET", f"{OWN}/_security", ()),
    ("GET", f"{OWN}/heartbeat%3A{DEVICE}", ()),
    ("PUT", f"{OWN}/heartbeat%3A{DEVICE}", ()),
    ("GET", f"{OWN}/erased%3A{DEVICE}", ()),
    ("PUT", f"{OWN}/erased%3A{DEVICE}", ()),
    ("HEAD", OWN, ()),
    ("GET", OWN, ()),
    ("GET", f"{OWN}/", ()),
    ("HEAD", f"{OWN}/", ()),
    ("GET", f"{OWN}/_local/{CHECKPOINT}", ()),
    ("PUT", f"{OWN}/_local/{CHECKPOINT}", ()),
    ("POST", f"{OWN}/_ensure_full_commit", ()),
    ("GET", listing("device:"), ("household",)),
    ("GET", listing("meter:", f"meter:{METER}"), ("household",)),
    ("GET", listing("pv_system:"), ("household",)),
    ("GET", listing("order:"), ("household",)),
    (
        "POST",
        f"{OWN}/_changes?filter=_doc_ids&feed=normal&style=all_docs&since=0&timeout=10000",
        ("household",),
    ),
    (
        "POST",
        f"{OWN}/_changes?style=all_docs&limit=500&filter=_doc_ids&feed=normal&since=4-g1AAAABLeJzLYWBg_M-e",
        ("household",),
    ),
    ("POST", f"{OWN}/_changes?filter=_doc_ids&feed=longpoll&since=now&timeout=50000", ("household",)),
    (
        "POST",
        f"{OWN}/_bulk_get?latest=true&revs=true&attachments=false",
        ("account", "household", "consent", "measurement-read"),
    ),
    ("GET", one("registration"), ("account", "household")),
    ("GET", one("location"), ("household",)),
    ("GET", one("consent:granted"), ("consent",)),
    ("GET", one("consent:revoked"), ("consent",)),
    ("GET", one(f"meter:{METER}"), ("household",)),
    ("GET", one(f"order:{METER}") + f"&atts_since=%5B%22{REVISION}%22%5D", ("household",)),
    ("POST", f"{OWN}/_revs_diff", ()),
    ("POST", f"{OWN}/_bulk_docs", ()),
    ("GET", "/account", ("account",)),
    ("GET", "/household", ("household",)),
    ("POST", "/household/consent", ("consent",)),
    ("DELETE", "/household/consent", ("consent",)),
    ("GET", "/household/measurement_device", ("household",)),
    ("GET", "/household/meter", ("household",)),
    ("GET", f"/household/meter/{METER}/measurement?limit=100", ("measurement-read",)),
    ("POST", "/household/meter/measurement", ("measurement-write",)),
    ("GET", "/household/pv_system", ("household",)),
    ("POST", "/renew", ()),
)
