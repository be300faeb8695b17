"""A survey of a hundred households: consent given, turned back, late, by letter, with devices that were away,
and a worker and an engine that die at random points. What stands in the end is what the plans say, and
nothing else.

On the embedded node; SURVEY_COUCHDB_URL and SURVEY_COUCHDB_DATA name a CouchDB of its own instead.
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyproj
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from simulated_homes import SlotClock
from simulated_survey import Survey, drawn_regions, survey_of
from survey_plan import HOUSEHOLDS, SLOTS, Plan, at_slot, plans

from anonymizer.erasure_record import find_erasure
from anonymizer.geodata import Regions
from anonymizer.household_facts import HouseholdFacts
from anonymizer.location.distances import distances
from anonymizer.mapping import anonymized_context, granted_context, research_measurement
from anonymizer.proof.byte_search import ByteSearch, files_below
from anonymizer.proof.encodings import forms_of, forms_of_run
from anonymizer.pseudonyms import Pseudonyms
from couch.blurring import Blurring
from couch.bootstrap import security_consent, security_erased
from couch.documents import (
    ConsentState,
    Context,
    Erasure,
    Json,
    Location,
    Meter,
    PvSystem,
    Registration,
    Step,
)
from couch.identifying import identifying_values
from couch.names import REGISTRY, RESEARCH, household_database
from couch.settings import Endpoint

pytestmark = pytest.mark.slow
SEED = 20_250_701
DEATHS_A_SLOT = 4
SETTLES_WITHIN_S = 60.0
_GEOD = pyproj.Geod(ellps="WGS84")


@dataclass
class Ended:
    """The survey after its last slot, and what was found in the files on the way."""

    survey: Survey
    before: Counter[tuple[str, str]]
    after: Counter[tuple[str, str]]
    values: set[tuple[str, str]]
    took_s: float
    plans: tuple[Plan, ...]


class Search:
    """What identifies each household, as byte strings that no other household has."""

    def __init__(self, everybody: tuple[Plan, ...]) -> None:
        owners: dict[bytes, set[tuple[str, str]]] = {}
        for plan in everybody:
            for document in plan.documents:
                for value in identifying_values(document.to_json()):
                    forms = forms_of(value.value) if value.alone else frozenset()
                    runs = forms_of_run(value.run) if len(value.run) > 2 else frozenset()
                    for form in forms | runs:
                        owners.setdefault(form, set()).add((plan.household, value.name))
        own = {form: next(iter(whose)) for form, whose in owners.items() if len(whose) == 1}
        self.values = set(own.values())
        self._whose = list(own.values())
        self._search = ByteSearch(list(own))

    def found(self, folder: Path) -> Counter[tuple[str, str]]:
        """How often (household, name of a value) lies in the files."""
        found: Counter[tuple[str, str]] = Counter()
        for needle, count in self._search.in_files(files_below([folder])).of_needle().items():
            found[self._whose[needle]] += count
        return found


@pytest.fixture(scope="module")
def ended(
    survey_admin: Endpoint,
    couch_data: Path | None,
    power_failure: Callable[[], None] | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Ended]:
    """The whole survey is run once; each test looks at one thing that has to hold in the end."""
    if couch_data is None:
        pytest.skip("SURVEY_COUCHDB_DATA does not name the data folder of the CouchDB of SURVEY_COUCHDB_URL")
    everybody, source = plans(SEED), random.Random(SEED)
    search, began = Search(everybody), time.monotonic()
    with survey_of(everybody, survey_admin, tmp_path_factory.mktemp("survey")) as survey:
        before: Counter[tuple[str, str]] = Counter()
        for slot in range(SLOTS):
            SlotClock.at = at_slot(slot)
            heard = survey.letters(slot)
            heard += [home.plan.household for home in survey.homes if home.slot(slot)]
            survey.work_off(sorted(set(heard)), source, DEATHS_A_SLOT, power_failure)
            if slot == 0:
                before = search.found(couch_data)
        # What arrives last: devices that heard in the last slot that they are to forget.
        survey.work_off(
            sorted(p.household for p in everybody if p.is_revoked), source, DEATHS_A_SLOT, power_failure
        )
        revoked = {plan.household for plan in everybody if plan.is_revoked}
        ends = time.monotonic() + SETTLES_WITHIN_S
        after = search.found(couch_data)
        while any(household in revoked for household, _ in after) and time.monotonic() < ends:
            after = search.found(couch_data)
        yield Ended(survey, before, after, search.values, time.monotonic() - began, everybody)


def research_of(ended: Ended) -> dict[str, Json]:
    """Every document of research and its months, without revisions."""
    admin = ended.survey.admin
    names = [RESEARCH, *admin.database_names("research-")]
    docs = [doc for name in names for doc in admin.database(name).documents()]
    return {
        doc["_id"]: {key: value for key, value in doc.items() if key != "_rev"}
        for doc in docs
        if not doc["_id"].startswith("_design/")
    }


def facts_of(plan: Plan) -> HouseholdFacts:
    docs = sorted(plan.documents, key=lambda doc: doc.id)
    return HouseholdFacts(
        registration=next(doc for doc in docs if isinstance(doc, Registration)),
        location=next(doc for doc in docs if isinstance(doc, Location)),
        pv_systems=tuple(doc for doc in docs if isinstance(doc, PvSystem)),
        meters=tuple(doc for doc in docs if isinstance(doc, Meter)),
    )


def recomputed(everybody: tuple[Plan, ...], pseudonyms: Pseudonyms) -> dict[str, Json]:
    """What research has to hold, from the plans alone; a drawn place is None."""
    wanted: dict[str, Json] = {}
    for plan in everybody:
        for meter in plan.meters:
            for slot in plan.at_centre:
                doc = research_measurement(plan.measurement(meter, slot), plan.household, pseudonyms)
                assert doc is not None
                wanted[doc.id] = doc.to_json()
        if plan.in_research:
            context = granted_context(facts_of(plan), plan.household, pseudonyms)
            if plan.is_revoked:
                context = anonymized_context(context, None, Blurring())
            wanted[context.id] = context.to_json()
    return wanted


def record_of(ended: Ended, plan: Plan) -> Erasure:
    found = find_erasure(ended.survey.worker.database(REGISTRY), plan.household)
    assert found is not None
    return found


def revoked_of(ended: Ended) -> list[Plan]:
    return [plan for plan in ended.plans if plan.is_revoked]


def test_workers_died_at_many_points_and_the_plans_hold_every_kind_of_household(ended: Ended) -> None:
    assert len(ended.plans) == HOUSEHOLDS == 100
    assert len(ended.survey.deaths) >= 3 * SLOTS // 2
    assert len(set(ended.survey.deaths)) > SLOTS
    assert sum(plan.unsent for plan in ended.plans if plan.is_revoked) > 50
    assert any(plan.is_revoked and not plan.in_research for plan in ended.plans)


def test_the_engine_died_again_and_again(ended: Ended, engine: Any) -> None:
    if engine is None:
        pytest.skip("the CouchDB of SURVEY_COUCHDB_URL is not this test's to kill")
    assert ended.survey.deaths
    assert engine.kills >= SLOTS // 3


def test_devices_measure_while_consent_is_granted_and_at_no_other_time(ended: Ended) -> None:
    assert {home.plan.household: home.stored for home in ended.survey.homes} == {
        plan.household: set(plan.measured) for plan in ended.plans
    }


def test_research_equals_a_recomputation_from_the_plans(ended: Ended) -> None:
    found = research_of(ended)
    wanted = recomputed(ended.plans, ended.survey.pseudonyms)
    assert found.keys() == wanted.keys()
    for doc in found.values():
        if doc["type"] == "context" and doc["anonymized"]:
            doc["location"] = None
    assert found == {doc_id: wanted_form(doc) for doc_id, doc in wanted.items()}


def wanted_form(doc: Json) -> Json:
    return {**doc, "location": None} if doc["type"] == "context" and doc["anonymized"] else doc


def test_no_measurement_in_research_lies_outside_consent(ended: Ended) -> None:
    found = research_of(ended)
    consent = {
        ended.survey.pseudonyms.household(plan.household): (at_slot(plan.granted), at_slot(plan.revoked))
        for plan in ended.plans
    }
    slots = [doc for doc in found.values() if doc["type"] == "research_measurement"]
    assert len(slots) > 500
    for doc in slots:
        granted, revoked = consent[doc["household"]]
        assert f"{granted:%Y-%m-%dT%H:%M:%SZ}" <= doc["slot"] < f"{revoked:%Y-%m-%dT%H:%M:%SZ}"


def test_household_databases_hold_what_consent_covers_and_nothing_of_the_revoked(ended: Ended) -> None:
    for plan in ended.plans:
        database = ended.survey.admin.database(household_database(plan.household))
        ids = {doc_id for doc_id, _ in database.rows() if not doc_id.startswith("_design/")}
        security = database.security()
        if plan.is_revoked:
            assert security_erased(security)
            assert ids <= {"consent:granted", "consent:revoked", f"erased:{plan.device}"}
            assert {"consent:revoked", f"erased:{plan.device}"} <= ids
            continue
        granted = plan.granted < SLOTS
        wanted = ConsentState.GRANTED if granted else ConsentState.NOT_GRANTED
        assert security_consent(security) is wanted
        measured = {plan.measurement(meter, slot).id for meter in plan.meters for slot in plan.at_centre}
        documents = {document.id for document in plan.documents}
        assert ids == measured | documents | ({"consent:granted"} if granted else set())


def test_the_record_counts_what_research_keeps_and_what_the_centre_lacked(ended: Ended) -> None:
    for plan in revoked_of(ended):
        record = record_of(ended, plan)
        assert [each.step for each in record.steps] == list(Step)
        assert record.not_kept == {}
        kept = {each.meter: each.measurements for each in record.kept}
        assert kept == ({meter: len(plan.at_centre) for meter in plan.meters} if plan.at_centre else {})
        assert [(each.device, each.unsent_measurements) for each in record.devices] == [
            (plan.device, plan.unsent)
        ]
        assert record.outstanding == ()


def test_each_place_was_drawn_in_its_ring_and_is_nobody_elses(ended: Ended) -> None:
    regions, places = Regions(drawn_regions().regions), set()
    anonymized = [plan for plan in revoked_of(ended) if plan.in_research]
    assert len(anonymized) > 40
    found = research_of(ended)
    for plan in anonymized:
        exact = facts_of(plan).location
        assert exact is not None
        context = Context.from_json(found[f"context:{ended.survey.pseudonyms.household(plan.household)}"])
        assert context.location is not None
        drawn = context.location
        bounds = distances(regions.at(exact.latitude, exact.longitude).density_per_km2)
        _, _, metres = _GEOD.inv(exact.longitude, exact.latitude, drawn.longitude, drawn.latitude)
        assert bounds.d_min_m - 15 <= metres <= bounds.d_max_m + 15
        places.add((drawn.latitude, drawn.longitude))
    assert len(places) == len(anonymized)


def test_no_identifying_byte_of_a_revoked_household_is_left_in_the_files(
    ended: Ended, capsys: pytest.CaptureFixture[str]
) -> None:
    revoked = {plan.household for plan in revoked_of(ended)}
    assert ended.before.keys() == ended.values, "each value was found before, or finding none says nothing"
    assert {one for one in ended.after if one[0] in revoked} == set()
    assert set(ended.after) == {one for one in ended.values if one[0] not in revoked}
    with capsys.disabled():
        before = sum(count for (household, _), count in ended.before.items() if household in revoked)
        print(
            f"\n{len(revoked)} of {HOUSEHOLDS} households revoked in {ended.took_s:.0f} s, "
            f"{len(ended.survey.deaths)} workers died; {before} finds of theirs before, none after; "
            f"{sum(ended.after.values())} of the others"
        )
