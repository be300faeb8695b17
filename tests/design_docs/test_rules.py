"""The validator as a table: type, role, consent, expected (design section 5)."""

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode finds no neighbours by itself
from rule_samples import DEVICE, DOCUMENTS, FORGED, HOUSEHOLD, MALFORMED, METER, ONCE, ROLES, without

CENTRE = {"researcher", "worker", "pull"}
ANY_DEVICE = {"device", "other device", "device without scopes"}
PARTICIPANT = {"page", "pull", "device", "other device"}
# Who may write each while consent is granted, and the states of consent in which they may.
ALL = {"not_granted", "granted", "revoked", "erased"}
STANDING = ALL - {"erased"}
TABLE: dict[str, tuple[set[str], set[str]]] = {
    "registration": (CENTRE, STANDING),
    "location": (CENTRE, STANDING),
    "pv_system": (CENTRE, STANDING),
    "meter": (CENTRE, STANDING),
    "device": (CENTRE, STANDING),
    "order": (CENTRE, STANDING),
    "measurement": ({"agent", "device"}, {"granted"}),
    "gap": ({"agent", "device"}, {"granted"}),
    "grant": (PARTICIPANT, STANDING),
    "revocation": (PARTICIPANT, STANDING),
    "revocation by letter": (PARTICIPANT | {"researcher"}, STANDING),
    "report": ({"page"} | ANY_DEVICE, STANDING),
    "answer": ({"agent", "device", "device without scopes"}, STANDING),
    "heartbeat": ({"device", "device without scopes"}, STANDING),
    "erased": ({"device", "device without scopes"}, {"erased"}),
}
ROWS = [
    pytest.param(name, who, state, who in writers and state in states, id=f"{name}-{who}-{state}")
    for name, (writers, states) in TABLE.items()
    for who in ROLES
    for state in sorted(ALL)
]


@pytest.mark.parametrize(("name", "who", "state", "let_in"), ROWS)
def test_each_type_is_written_by_its_roles_while_consent_allows(
    name: str, who: str, state: str, let_in: bool, validate: Any
) -> None:
    consent = "revoked" if state == "erased" else state
    reason = validate(DOCUMENTS[name], ROLES[who], consent, state == "erased")
    assert (reason is None) == let_in, reason


def test_every_document_is_in_the_table() -> None:
    assert DOCUMENTS.keys() == TABLE.keys()


@pytest.mark.parametrize(("doc", "who"), [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED])
def test_what_does_not_match_is_refused(doc: dict[str, Any], who: str, validate: Any) -> None:
    reason = validate(doc, ROLES[who])
    assert reason is not None
    assert "TypeError" not in reason


def test_a_bare_tombstone_of_what_the_centre_writes_is_let_in(validate: Any) -> None:
    tombstone = {"_id": f"meter:{METER}", "_rev": "1-a", "_deleted": True, "_revisions": ONCE}
    assert validate(tombstone, ROLES["researcher"]) is None


def test_who_takes_part_is_erased_by_the_worker_alone(validate: Any) -> None:
    for name in ("registration", "location"):
        tombstone = {"_id": name, "_rev": "1-a", "_deleted": True}
        assert (
            validate(tombstone, ROLES["researcher"])
            == f"{name} _deleted: your account may not delete this type"
        )
        assert validate(tombstone, ROLES["worker"]) is None
        assert validate(tombstone, ROLES["pull"]) is None


def test_what_the_centre_writes_may_be_corrected(validate: Any) -> None:
    assert validate(without("registration", _revisions=FORGED), ROLES["researcher"]) is None


def test_a_first_generation_that_comes_by_replication_is_let_in(validate: Any) -> None:
    replicated = without("measurement", _rev="1-a", _revisions={"start": 1, "ids": ["a"]})
    assert validate(replicated, ROLES["device"]) is None


def test_without_a_word_on_consent_nothing_is_measured(validate: Any) -> None:
    assert validate(DOCUMENTS["measurement"], ROLES["agent"], None) is not None


def test_a_device_needs_the_scope_of_measuring(validate: Any) -> None:
    roles = [f"household:{HOUSEHOLD}", f"device:{DEVICE}", "scope:consent"]
    assert validate(DOCUMENTS["measurement"], roles) is not None


def test_fields_of_a_later_version_are_let_in(validate: Any) -> None:
    assert validate(without("measurement", later={"x": 1}), ROLES["device"]) is None
