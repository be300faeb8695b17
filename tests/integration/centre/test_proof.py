"""No byte of a household in the engine's files after its erasure, each found before (design 11.4).

On the embedded node, and on the CouchDB of SURVEY_COUCHDB_URL where SURVEY_COUCHDB_DATA names its
data folder.
"""

import json
import threading
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from anonymizer.erasure_record import find_erasure
from anonymizer.proof.issuing import Issuer
from anonymizer.proof.proving import Places, Prover
from anonymizer.proof.signing import check, signing_key
from couch.clock import Clock
from couch.documents import Erased, ErasureProof, Json, Report, Step
from couch.errors import Fault, Refused
from couch.names import REGISTRY, household_database
from couch.proof_settings import ProofSettings
from survey import cli

LONG = (
    "Der Zähler im Keller von Familie Groß-Ökül zeigt seit dem 3. März nichts an; bitte Frau Öztürk fragen. "
    * 3
)
STALE = {
    "contact": {"name": "Sieglinde Ökül-Grünwald", "email": "sigi@grünwald.example"},
    "address": {"street": "An der Mühle", "house_number": "7", "postal_code": "01067", "city": "Ulm"},
}


@pytest.fixture
def household(centre: Any, couch_data: Path | None) -> Any:
    """A household with awkward strings, old and rival revisions, tombstones with fields, rows of views."""
    if couch_data is None:
        pytest.skip("SURVEY_COUCHDB_DATA does not name the data folder of the CouchDB of SURVEY_COUCHDB_URL")
    made = centre.household()
    registration = made.worker.get("registration")
    for contact, street in (
        ({"name": "Jürgen O’Hara-Müßig", "email": "j.o'hara+strom@example.org"}, "Äußere Straße"),
        ({"name": 'Zoë "Zo" d\'Arc\\Łukasz', "email": "zoe.d'arc@bücher.example"}, "Straße des 17. Juni/Süd"),
    ):
        registration |= {"contact": contact}
        registration["address"] = {
            "street": street, "house_number": "12b", "postal_code": "10623", "city": "Au",
        }  # fmt: skip
        registration["_rev"] = made.worker.put(registration)
    forge(made, {**registration, **STALE}, "2-" + "e" * 32)
    location = made.worker.get("location")
    made.worker.put({**location, "latitude": 54.323317, "longitude": 10.122765})
    pv_system = next(made.worker.documents(start="pv_system:", end="pv_system;"))
    made.worker.put({**pv_system, "nominal_power_kw": 9.87})
    leave_tombstone_with_fields(made)
    made.consent("granted")
    report = str(uuid.uuid4())
    made.as_device.put(Report(report=report, at=made.measurement(0).slot, text=LONG).to_json())
    centre.take(made)
    made.measure(range(8))
    centre.take(made)
    for view in ("households_by_name", "households_by_city"):
        list(centre.worker.database(REGISTRY).view("registry", view))
    return made


def leave_tombstone_with_fields(household: Any) -> None:
    """As it was possible before the rules forbade it."""
    device = "00000000-0000-4000-8000-000000000000"
    doc = {"_id": f"device:{device}", "type": "device", "device": device}
    rev = household.worker.put({**doc, "name": "Omas Süßwarenladen"})
    rules = household.admin.get("_design/rules")
    household.admin.delete("_design/rules", rules["_rev"])
    ends = time.monotonic() + 30
    while True:
        try:
            household.worker.put({**doc, "_rev": rev, "_deleted": True, "name": "Opas Bäckerei"})
            break
        except Refused:  # CouchDB keeps the rules in memory for a moment
            assert time.monotonic() < ends
    household.admin.put({name: value for name, value in rules.items() if name != "_rev"})


def forge(household: Any, doc: Json, rev: str) -> None:
    generation, _, digest = rev.partition("-")
    forged = {**doc, "_rev": rev, "_revisions": {"start": int(generation), "ids": [digest]}}
    assert household.worker.bulk([forged], new_edits=False) == []


def revoke(household: Any) -> None:
    household.consent("revoked", household.measurement(12).slot)


def prover(centre: Any, connections: Any, folder: Path, **more: Any) -> Prover:
    def erase(household: str) -> None:
        centre.new_worker()._visitor(household).visit(connections, threading.Event())

    defaults = {"places": Places((folder,)), "erase": erase, "settle_s": 30.0}
    return Prover(
        centre=connections,
        pseudonyms=centre.pseudonyms,
        blurring=centre.settings.blurring,
        clock=Clock(),
        **{**defaults, **more},
    )


def test_every_value_is_found_before_and_none_afterwards(
    centre: Any, household: Any, couch_data: Path, tmp_path: Path, record_property: Any
) -> None:
    revoke(household)
    with centre.connect() as connections:
        proof = prover(centre, connections, couch_data).prove([household.uuid], wait_s=60)[household.uuid]
        assert proof.holds
        assert proof.before is not None
        assert proof.after is not None
        record = find_erasure(connections.registry, household.uuid)
        assert record is not None
        issuer = Issuer(signing_key(tmp_path / "receipt.key"), tmp_path / "receipts", Clock())
        receipt = issuer.issue(connections, record)
    assert check(receipt, issuer.key.private.public_key())
    assert receipt["search"]["proved"] is True
    record_property("before", proof.before.occurrences)
    record_property("after", proof.after.occurrences)
    for text in ("Zoë", "Öku", "Mühle", "9.87", "54.32", centre.pseudonyms.household(household.uuid)):
        assert text not in json.dumps(receipt, ensure_ascii=False)


def test_it_is_proved_while_others_hold_the_same_street_and_place(
    centre: Any, household: Any, couch_data: Path
) -> None:
    neighbour = centre.household()
    for doc_id in ("registration", "location"):
        same = household.worker.get(doc_id)
        theirs = neighbour.worker.get(doc_id)
        neighbour.worker.put({**same, "_rev": theirs["_rev"]})
    neighbour.consent("granted")
    centre.take(neighbour)
    revoke(household)
    with centre.connect() as connections:
        proof = prover(centre, connections, couch_data).prove([household.uuid], wait_s=60)[household.uuid]
    assert proof.holds
    assert proof.after is not None
    assert proof.after.shared >= 4  # name, email, street, two coordinates


def test_what_is_left_in_a_log_is_found_and_named_without_being_quoted(
    centre: Any, household: Any, couch_data: Path, tmp_path: Path
) -> None:
    log = tmp_path / "logs" / "web.log"
    log.parent.mkdir()
    log.write_text("GET /households?name=Zo%C3%AB%20%22Zo%22%20d%27Arc%5C%C5%81ukasz HTTP/1.1")
    revoke(household)
    with centre.connect() as connections:
        proves = prover(
            centre, connections, couch_data, places=Places((couch_data,), (log.parent,)), settle_s=0.0
        )
        with pytest.raises(Fault) as raised:
            proves.prove([household.uuid], wait_s=60)
        assert str(log) in str(raised.value)
        assert "(name)" in str(raised.value)
        assert "Arc" not in str(raised.value)
        stored = connections.registry.get(f"proof:{household.uuid}")
    assert not ErasureProof.from_json(stored).holds


def test_a_folder_of_another_engine_proves_nothing_and_erases_nothing(
    centre: Any, household: Any, tmp_path: Path
) -> None:
    revoke(household)
    with centre.connect() as connections:
        with pytest.raises(Fault, match="were not found before the erasure"):
            prover(centre, connections, tmp_path).prove([household.uuid], wait_s=60)
        assert centre.admin.database(household_database(household.uuid)).find("registration") is not None
        with pytest.raises(Fault, match="Name its data folder"):
            Places(())


def test_the_worker_waits_for_the_search_where_it_is_to(
    centre: Any, household: Any, couch_data: Path
) -> None:
    held = replace(centre, settings=msgspec.structs.replace(centre.settings, proof=ProofSettings(hold=True)))
    revoke(household)
    held.take(household)
    with centre.connect() as connections:
        record = find_erasure(connections.registry, household.uuid)
        assert record is not None
        assert record.next_step is Step.DATABASE_REMADE
        proof = prover(held, connections, couch_data).prove([household.uuid], wait_s=60)[household.uuid]
    assert proof.holds


def test_what_was_destroyed_before_cannot_be_proved(centre: Any, household: Any, couch_data: Path) -> None:
    with centre.connect() as connections:
        with pytest.raises(Fault, match="is not revoked"):
            prover(centre, connections, couch_data).prove([household.uuid], wait_s=60)
        revoke(household)
        centre.take(household)
        with pytest.raises(Fault, match="cannot be proved any more"):
            prover(centre, connections, couch_data).prove([household.uuid], wait_s=60)


def test_the_receipt_is_issued_anew_when_a_device_confirms(
    centre: Any, household: Any, tmp_path: Path
) -> None:
    settings = msgspec.structs.replace(
        centre.settings, proof=ProofSettings(key=tmp_path / "receipt.key", receipts=tmp_path / "receipts")
    )
    signing_key(settings.proof.key)
    issuing = replace(centre, settings=settings)
    revoke(household)
    issuing.take(household)
    file = tmp_path / "receipts" / f"{household.uuid}.json"
    first = json.loads(file.read_text())
    assert (first["complete"], first["devices"]["outstanding"]) == (False, [household.device])
    household.as_device.put(
        Erased(device=household.device, at=household.measurement(20).slot, unsent_measurements=5).to_json()
    )
    issuing.take(household)
    second = json.loads(file.read_text())
    assert second["complete"] is True
    assert second["receipt"] == first["receipt"]
    assert second["devices"]["unsent_measurements_erased"] == 5
    check(second, signing_key(settings.proof.key).private.public_key())


def test_the_command_proves_and_what_it_issues_is_genuine(
    centre: Any, household: Any, couch_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = centre.settings
    config = tmp_path / "centre.toml"
    config.touch(0o600)
    config.write_text(f"""
        url = "{settings.url}"
        pseudonym_key = "{settings.pseudonym_key}"
        admin = {{ user = "{settings.admin.user}", password = "{settings.admin.password.reveal()}" }}
        worker = {{ user = "{settings.worker.user}", password = "{settings.worker.password.reveal()}" }}
        [proof]
        hold = true
    """)
    revoke(household)
    prove = ["anonymizer", "prove", household.uuid, "--config", str(config)]
    refused = CliRunner().invoke(cli, prove)
    assert "is not known, so nothing can be proved" in str(refused.exception)

    still = CliRunner().invoke(cli, [*prove, "--data", str(couch_data)])  # no geodata, so no place is drawn
    assert "stands still" in str(still.exception)
    stored = centre.worker.database(REGISTRY).get(f"proof:{household.uuid}")
    assert ErasureProof.from_json(stored).before is None  # it is held until the next run has searched

    monkeypatch.setattr("anonymizer.service.LocationDraw", lambda _file, _blurring: centre.draw)
    done = CliRunner().invoke(cli, [*prove, "--data", str(couch_data)])
    assert done.exit_code == 0, done.exception
    assert "0 times afterwards" in done.output
    key = tmp_path / "pub.pem"
    key.write_text(CliRunner().invoke(cli, ["receipt", "key", "--config", str(config)]).output)
    receipt = tmp_path / "receipts" / f"{household.uuid}.json"
    checked = CliRunner().invoke(cli, ["receipt", "verify", str(receipt), "--key", str(key)])
    assert "found nothing left" in checked.output
