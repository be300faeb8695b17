"""The record of exports in research, and the withdrawals that later ones list, against a database server."""

from typing import Any

from couch.clock import Clock
from couch.names import ANALYST, RESEARCH
from provisioning.rights.erasing import erase_household
from webapp.analyst.export_ledger import ResearchLedger, Withdrawn
from webapp.analyst.export_request import parse_request

WISH = parse_request("2025-06-01", "2025-08-01", None, "csv")


def test_withdrawals_are_listed_since_the_beginning(centre: Any, measured: Any, anonymizing: Any) -> None:
    analyst = centre.new_account(ANALYST)
    ledger = ResearchLedger(analyst, Clock())
    pseudonym = centre.pseudonyms.household(measured.uuid)

    def standing() -> list[Withdrawn]:
        return [each for each in ledger.withdrawals() if each.household == pseudonym]

    assert standing() == []
    measured.consent("revoked")
    centre.take(measured)
    assert standing() == [Withdrawn(pseudonym, "revoked")]
    erase_household(measured.uuid, admin=centre.admin, anonymizing=anonymizing)
    assert standing() == [Withdrawn(pseudonym, "erased")]


def test_the_same_data_set_is_recorded_once(centre: Any) -> None:
    ledger = ResearchLedger(centre.new_account(ANALYST), Clock())
    households = ("a" * 32, "b" * 32)
    ledger.record(WISH, "ef" * 32, households)
    stored = centre.worker.database(RESEARCH).get("export:" + "ef" * 32)
    ledger.record(WISH, "ef" * 32, households)
    assert centre.worker.database(RESEARCH).get("export:" + "ef" * 32) == stored
    assert (stored["households"], stored["format"]) == (list(households), "csv")
