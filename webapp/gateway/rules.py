r"""What a device's certificate opens at the centre: the whole of it. What no row admits is refused.

In a path `{household}` and `{device}` stand for the caller's own; `{uuid}` and `{checkpoint}` for any of
their form. A query may hold the keys of its row alone, with values that match the whole pattern.

`scopes`: all are needed; `one_of`: one is. The database's reading requests whose body says what is read
(`_bulk_get`) need all that they can reach. `erased`: also for an erased household, and all there is for one.

Left out on purpose: feeds that never end and heartbeats, so that no request outlives a minute and each is
judged anew; `_changes` but for named documents, since pulling never reads the whole feed (design section 5).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from couch.admission import Door
from couch.documents.fields import UUID_PATTERN
from couch.enrolment import ENROL_PATH, RENEW_PATH, RETURN_PATH
from couch.replication import PULL_PREFIXES

UUID = UUID_PATTERN.strip("^$")
PLACES: Mapping[str, str] = {"{checkpoint}": "[0-9a-f]{32}", "{uuid}": UUID}

_BOOLEAN = "true|false"
_SEQUENCE = "[0-9]{1,15}(?:-[A-Za-z0-9_-]{1,4000})?"
_REVISION = '"[0-9]{1,9}-[0-9a-f]{32}"'
_REVISIONS = rf"\[{_REVISION}(?:,{_REVISION}){{0,63}}\]"
_UP_TO_50_S = "[0-9]{1,4}|[1-4][0-9]{4}|50000"  # milliseconds

_READS_ANYTHING = ("account", "household", "consent", "measurement-read")
_HOUSEHOLD = "/household-{household}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row. `query` None: whoever answers judges the query. `must`: keys that must be there."""

    methods: tuple[str, ...]
    path: str
    door: Door = "database"
    scopes: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    query: Mapping[str, str] | None
    must: tuple[str, ...] = ()
    erased: bool = False
    certificate: bool = True


def _database(methods: str, path: str, *scopes: str, **more: object) -> Rule:
    values: dict[str, object] = {"query": {}, **more}
    return Rule(methods=tuple(methods.split()), path=_HOUSEHOLD + path, scopes=scopes, **values)  # type: ignore[arg-type]


def _api(methods: str, path: str, scope: str) -> Rule:
    return Rule(methods=tuple(methods.split()), path=path, door="api", scopes=(scope,), query=None)


def _changes(feed: Mapping[str, str], *must: str) -> Rule:
    query = {
        "filter": "_doc_ids",
        "style": "main_only|all_docs",
        "since": f"now|{_SEQUENCE}",
        "limit": "[0-9]{1,6}",
        "timeout": _UP_TO_50_S,
        **feed,
    }
    return _database("POST", "/_changes", "household", query=query, must=("filter", *must))


def _ranges() -> Iterator[Rule]:
    """Listing ids, one kind a request, never with contents."""
    for prefix in PULL_PREFIXES:
        yield _database(
            "GET",
            "/_all_docs",
            "household",
            query={
                "start_key": f'"{prefix}(?:{UUID})?"',
                "end_key": f'"{prefix}\ufff0"',
                "limit": "[0-9]{1,4}",
                "include_docs": "false",
            },
            must=("start_key", "end_key", "limit"),
        )


def _revisions() -> Iterator[Rule]:
    """Reading revisions one by one, which a replicator does where `_bulk_get` failed it."""
    query = {
        "open_revs": _REVISIONS,
        "atts_since": _REVISIONS,
        "revs": _BOOLEAN,
        "latest": _BOOLEAN,
        "attachments": _BOOLEAN,
    }
    scopes_of = {
        "registration": ("account", "household"),
        "location": ("household",),
        "consent:granted": ("consent",),
        "consent:revoked": ("consent",),
        **{f"{prefix}{{uuid}}": ("household",) for prefix in PULL_PREFIXES},
    }
    for document, scopes in scopes_of.items():
        yield _database("GET", f"/{document}", *scopes, query=query, must=("open_revs",))


RULES: tuple[Rule, ...] = (
    # The agent asks for the consent state before it sends, and says how it is.
    _database("GET", "/_security", erased=True),
    _database("GET PUT", "/heartbeat:{device}"),
    _database("GET PUT", "/erased:{device}", erased=True),
    # Both replicators: which database this is, how far they have come.
    _database("GET HEAD", ""),
    _database("GET HEAD", "/"),
    _database("GET PUT", "/_local/{checkpoint}"),
    _database("POST", "/_ensure_full_commit"),
    # Pull.
    *_ranges(),
    _changes({"feed": "normal"}),
    _changes({"feed": "longpoll"}, "feed", "timeout"),
    _database(
        "POST",
        "/_bulk_get",
        *_READS_ANYTHING,
        query={"latest": _BOOLEAN, "revs": _BOOLEAN, "attachments": _BOOLEAN},
    ),
    *_revisions(),
    # Push. The validator judges each document by the roles in the token.
    _database("POST", "/_revs_diff", one_of=("consent", "measurement-write")),
    _database("POST", "/_bulk_docs", one_of=("consent", "measurement-write")),
    # REST (thesis, tables 4.2 and 4.4). GET /management/household is for people who signed in: not here.
    _api("GET", "/account", "account"),
    _api("GET", "/household", "household"),
    _api("POST DELETE", "/household/consent", "consent"),
    _api("GET", "/household/measurement_device", "household"),
    _api("GET", "/household/meter", "household"),
    _api("GET", "/household/meter/{uuid}/measurement", "measurement-read"),
    _api("POST", "/household/meter/measurement", "measurement-write"),
    _api("GET", "/household/pv_system", "household"),
    # Certificates.
    Rule(methods=("POST",), path=ENROL_PATH, door="enrolment", query={}, certificate=False),
    Rule(methods=("POST",), path=RETURN_PATH, door="enrolment", query={}, certificate=False),
    Rule(methods=("POST",), path=RENEW_PATH, door="enrolment", query={}),
)
