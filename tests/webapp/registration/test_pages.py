"""The pages of registering, correcting and revoking, as a researcher uses them."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from registration_fakes import GOOD
from werkzeug.datastructures import MultiDict

from couch.document_content import content_of
from couch.documents import Erasure
from couch.errors import AccessDenied, Fault, Unreachable
from couch.names import REGISTRY, household_database
from couch.registering import OpenCorrection

NEW = "/households/new"
ROWS = {
    "devices": "1",
    "devices-1-name": "cellar",
    "meters": "1",
    "meters-1-type": "pv_generation",
    "meters-1-model": "MT175",
    "meters-1-device": "1",
    "systems": "1",
    "systems-1-power": "8.4",
    "systems-1-azimuth": "180",
    "systems-1-tilt": "35",
    "systems-1-installed": "2021-05-01",
    "systems-1-meters": "1",
}
WHOLE = {**GOOD, **ROWS}


@pytest.fixture
def registrar(centre: Any) -> Any:
    found = centre.app.extensions["survey_services"].registration.registrar
    found.forget()
    return found


@pytest.fixture
def rosa(centre: Any, registrar: Any) -> Any:
    return centre.signed_in("rosa")


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the form that carry it on."""
    import html  # noqa: PLC0415

    found = dict(re.findall(r'<input type="hidden" name="(draft|seen|opened)" value="([^"]*)"', page))
    return {name: html.unescape(value) for name, value in found.items()}


def _counts(attributes: dict[str, str | None]) -> bool:
    return attributes.get("type") != "checkbox" or "checked" in attributes


def shown(page: str) -> dict[str, Any]:
    """Every field of the registration form as a browser would send it."""
    from html.parser import HTMLParser  # noqa: PLC0415

    sent: MultiDict[str, str] = MultiDict()

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.inside, self.select = False, ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            known = dict(attrs)
            if tag == "form":
                self.inside = known.get("id") == "registration"
            if not self.inside:
                return
            name = known.get("name") or ""
            if tag == "select":
                self.select = name
                sent.setlist(name, [""])
            elif tag == "option" and "selected" in known:
                sent.setlist(self.select, [known.get("value") or ""])
            elif tag == "input" and name and name != "csrf_token" and _counts(known):
                sent.add(name, known.get("value") or "")

        def handle_endtag(self, tag: str) -> None:
            if tag == "form":
                self.inside = False

    Reader().feed(page)
    return {name: values if len(values) > 1 else values[0] for name, values in sent.lists()}


def registered(rosa: Any, **more: str) -> str:
    """Register a household; its uuid."""
    rosa.get(NEW)
    answer = rosa.send(NEW, **{**WHOLE, **hidden(rosa.page), **more})
    assert answer.status_code == 303, answer.text
    return str(re.search(r"/households/([0-9a-f-]{36})/", answer.location)[1])  # type: ignore[index]


def test_a_household_is_registered_and_its_devices_wait_for_their_bundles(rosa: Any, registrar: Any) -> None:
    household = registered(rosa)
    page = rosa.get(f"/households/{household}/devices?registered=yes").text
    assert "The household is registered" in page
    assert "Download the bundle of cellar" in page
    bundle = re.search(r'href="([^"]*bundle)"', page)
    assert bundle is not None
    answer = rosa.get(bundle[1])
    assert answer.text == 'code = "secret"\n'
    assert answer.headers["Cache-Control"] == "no-store"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "Ada" not in answer.headers["Content-Disposition"]


def test_the_same_form_sent_twice_is_one_household(rosa: Any, registrar: Any, centre: Any) -> None:
    rosa.get(NEW)
    form = {**WHOLE, **hidden(rosa.page)}
    first = rosa.send(NEW, **form)
    rosa.get(NEW)
    second = rosa.send(NEW, **form)
    assert first.location == second.location
    assert sum(name.startswith("household-") for name in centre.server.databases) == 1


def test_an_interruption_keeps_the_form_and_saving_again_completes_it(rosa: Any, registrar: Any) -> None:
    rosa.get(NEW)
    form = {**WHOLE, **hidden(rosa.page)}
    registrar.fails.append(Unreachable("nobody answered."))
    broken = rosa.send(NEW, **form)
    assert broken.status_code == 503
    assert "nothing is stored twice" in broken.text
    assert 'value="Ada Example"' in broken.text
    assert hidden(broken.text)["draft"] == form["draft"]
    assert rosa.send(NEW, **{**form, **hidden(broken.text)}).status_code == 303


def test_all_faults_are_told_at_once_beside_their_fields_and_nothing_typed_is_lost(
    rosa: Any, registrar: Any
) -> None:
    rosa.get(NEW)
    form = {**WHOLE, "email": "ada", "children": "viele <b>", "systems-1-tilt": "95"}
    answer = rosa.send(NEW, **{**form, **hidden(rosa.page)})
    assert answer.status_code == 422
    for name in ("email", "children", "systems-1-tilt"):
        assert f'<a href="#{name}">' in answer.text
        assert f'id="{name}-fault"' in answer.text
    assert "viele &lt;b&gt;" in answer.text
    assert "3 entries need another look" in answer.text
    assert registrar.created == []
    again = shown(answer.text)
    assert {name: again[name] for name in form if name in again} == {
        name: text for name, text in form.items() if name in again
    }


def test_rows_come_and_go_by_buttons_alone(rosa: Any) -> None:
    rosa.get(NEW)
    more = rosa.send(NEW, **{**WHOLE, **hidden(rosa.page), "act": "add:meters"})
    assert more.status_code == 200
    assert 'name="meters-2-type"' in more.text
    assert "need another look" not in more.text
    fewer = rosa.send(NEW, **{**shown(more.text), "act": "remove:meters:1"})
    assert 'name="meters-1-type"' not in fewer.text
    assert 'value="cellar"' in fewer.text


def test_what_looks_wrong_is_told_once_and_saved_when_sent_again(rosa: Any, registrar: Any) -> None:
    rosa.get(NEW)
    form = {**WHOLE, "city": "Köln", **hidden(rosa.page)}
    told = rosa.send(NEW, **form)
    assert told.status_code == 422
    assert "24103 belongs to Kiel, not to Köln." in told.text
    assert "Save all the same" in told.text
    other = rosa.send(NEW, **{**form, **hidden(told.text), "city": "Bonn"})
    assert other.status_code == 422  # another doubt was not seen yet
    assert rosa.send(NEW, **{**form, **hidden(told.text)}).status_code == 303


def test_without_a_position_the_postal_code_gives_it(rosa: Any, registrar: Any) -> None:
    registered(rosa, latitude="", longitude="", use_place="yes")
    assert registrar.created[-1]["location"] == {
        "latitude": 54.3233,
        "longitude": 10.1228,
        "source": "geocoded",
    }
    rosa.get(NEW)
    filled = rosa.send(NEW, **{**WHOLE, "latitude": "", "longitude": "", "act": "place"})
    assert 'value="54.3233"' in filled.text


def test_a_registered_household_is_shown_and_corrected(rosa: Any, registrar: Any, centre: Any) -> None:
    household = registered(rosa)
    page = rosa.get(f"/households/{household}/edit").text
    form = shown(page)
    assert (form["name"], form["children"]) == ("Ada Example", "1")
    answer = rosa.send(f"/households/{household}/edit", **{**form, "name": "Ada King", "email": "a@king.org"})
    assert answer.location == f"/households/{household}/correction?email=yes"
    docs = centre.server.databases[household_database(household)].docs
    assert docs["registration"]["contact"] == {"name": "Ada King", "email": "a@king.org"}
    done = rosa.get(answer.location).text
    assert "no old value is left" in done
    assert "when they are next renewed" in done


def test_nothing_changed_writes_nothing(rosa: Any, registrar: Any) -> None:
    household = registered(rosa)
    form = shown(rosa.get(f"/households/{household}/edit").text)
    registrar.fails.append(AssertionError("nothing is to be written"))
    assert "Nothing was changed" in rosa.send(f"/households/{household}/edit", **form).text


def test_new_parts_are_added_and_parts_that_never_were_removed(
    rosa: Any, registrar: Any, centre: Any
) -> None:
    household = registered(rosa)
    where = f"/households/{household}/edit"
    page = rosa.get(where).text
    more = rosa.send(where, **{**shown(page), "act": "add:systems"})
    system = next(key for key in shown(more.text)["systems"] if key != "1")
    fewer = rosa.send(where, **{**shown(more.text), "act": f"remove:systems:{system}"})
    new = {"power": "2", "azimuth": "90", "tilt": "10", "installed": "2020-01-01"}
    form = {**shown(fewer.text), **{f"systems-1-{name}": text for name, text in new.items()}}
    assert rosa.send(where, **form).status_code == 303
    docs = centre.server.databases[household_database(household)].docs
    systems = [doc for doc in docs.values() if doc["type"] == "pv_system"]
    assert [doc["nominal_power_kw"] for doc in systems] == [2]
    assert systems[0]["pv_system"] != system


def test_a_correction_that_was_interrupted_is_completed_by_the_same_form(
    rosa: Any, registrar: Any, centre: Any, monkeypatch: Any
) -> None:
    household = registered(rosa)
    where = f"/households/{household}/edit"
    form = shown(rosa.get(where).text)
    new = {"power": "2", "azimuth": "90", "tilt": "10", "installed": "2020-01-01", "meters": "1"}
    form |= {
        "meters": [form["meters"], "1"],
        "meters-1-type": "pv_generation",
        "meters-1-model": "DD3",
        "meters-1-device": form["devices"],
        "systems": [form["systems"], "1"],
        **{f"systems-1-{name}": text for name, text in new.items()},
    }
    database = centre.server.databases[household_database(household)]

    def put_once(doc: Any) -> bool:
        if doc["type"] == "pv_system":
            raise Unreachable("nobody answered.")
        return bool(type(database).put_once(database, doc))

    with monkeypatch.context() as patched:
        patched.setattr(database, "put_once", put_once, raising=False)
        broken = rosa.send(where, **form)
    assert broken.status_code == 503
    again = rosa.send(where, **shown(broken.text))
    assert again.status_code == 303, again.text
    meters = {doc["meter"]: doc for doc in database.docs.values() if doc["type"] == "meter"}
    systems = [doc for doc in database.docs.values() if doc["type"] == "pv_system"]
    (added,) = (doc for doc in systems if doc["nominal_power_kw"] == 2)
    assert (len(meters), len(systems)) == (2, 2)
    assert meters[added["meters"][0]]["model"] == "DD3"


def test_what_another_researcher_changed_is_not_overwritten(rosa: Any, registrar: Any, centre: Any) -> None:
    household = registered(rosa)
    where = f"/households/{household}/edit"
    mine = shown(rosa.get(where).text)
    theirs = {"registration": {"contact": {"name": "Grace"}, "address": {"city": "Kiel-Mitte"}}}
    docs = centre.server.databases[household_database(household)].docs
    registrar.correct(household, theirs, (), {"registration": docs["registration"]["_rev"]})
    answer = rosa.send(where, **{**mine, "name": "Ada King", "children": "3"})
    assert answer.status_code == 409
    assert "Somebody else changed this household" in answer.text
    assert "stored is: Grace" in answer.text
    assert docs["registration"]["contact"]["name"] == "Grace"
    again = shown(answer.text)
    assert (again["name"], again["city"], again["children"]) == ("Ada King", "Kiel-Mitte", "3")
    assert rosa.send(where, **again).status_code == 303
    assert docs["registration"]["contact"]["name"] == "Ada King"
    assert docs["registration"]["address"]["city"] == "Kiel-Mitte"


def test_a_meter_with_measurements_and_a_device_stay(
    rosa: Any, registrar: Any, centre: Any, sample: Any, now: Any
) -> None:
    household = registered(rosa)
    database = centre.server.databases[household_database(household)]
    meter = next(doc["meter"] for doc in database.docs.values() if doc["type"] == "meter")
    database.put_once(sample.measurement(now - timedelta(hours=1), meter=meter))
    where = f"/households/{household}/edit"
    form = shown(rosa.get(where).text)
    answer = rosa.send(where, **{**form, "act": f"remove:meters:{meter}"})
    answer = rosa.send(where, **{**shown(answer.text), "devices": ""})
    assert answer.status_code == 422
    assert "that has measurements cannot be removed" in answer.text
    assert "survey device revoke" in answer.text


def test_a_correction_under_way_or_stuck_is_told_as_it_is(rosa: Any, registrar: Any) -> None:
    household = registered(rosa)
    where = f"/households/{household}/correction"
    registrar.opened[household] = OpenCorrection(
        household=household, documents=("registration",), running=True
    )
    running = rosa.get(where)
    assert running.headers["Refresh"] == "3"
    assert "Old values are being removed" in running.text
    registrar.opened[household] = OpenCorrection(
        household=household, documents=("registration",), running=False, reason="no worker came."
    )
    stuck = rosa.get(where)
    assert "Refresh" not in stuck.headers
    assert "no worker came." in stuck.text
    assert rosa.send(where).status_code == 303
    assert "no old value is left" in rosa.get(where).text


def test_a_revocation_by_letter_takes_two_steps(rosa: Any, registrar: Any, centre: Any, now: Any) -> None:
    household = registered(rosa)
    docs = centre.server.databases[household_database(household)].docs
    where = f"/households/{household}/revocation"
    rosa.get(where)
    assert rosa.send(where, act="record").status_code == 422
    last = rosa.send(where, act="review", arrived=str(now.date()), certain="yes")
    assert "Last question" in last.text
    assert "consent:revoked" not in docs
    assert rosa.send(where, act="record", arrived=str(now.date()), certain="yes").status_code == 303
    assert docs["consent:revoked"]["by"] == {"role": "researcher", "device": None}
    assert docs["consent:revoked"]["at"] == "2026-06-30T00:00:00Z"
    assert "A researcher recorded it from a letter" in rosa.get(where).text
    assert rosa.get(f"/households/{household}/edit").status_code == 410


@pytest.mark.parametrize("state", ["destroyed", "half made"])
def test_while_the_database_is_made_anew_the_revocation_is_seen_all_the_same(
    rosa: Any, registrar: Any, centre: Any, now: Any, state: str
) -> None:
    household = registered(rosa)
    name, where = household_database(household), f"/households/{household}/revocation"
    rosa.get(where)
    rosa.send(where, act="record", arrived=str(now.date()), certain="yes")
    revoked = centre.server.databases[name].docs["consent:revoked"]
    record = Erasure(
        household=household,
        receipt=str(uuid.uuid4()),
        begun_at=now,
        consents={"consent:revoked": content_of(revoked)},
    )
    centre.server.databases[REGISTRY].docs[record.id] = record.to_json()
    if state == "destroyed":
        del centre.server.databases[name]
    else:
        centre.server.databases[name].fails = AccessDenied("not allowed", error="forbidden", status=403)
    assert "A researcher recorded it from a letter" in rosa.get(where).text
    assert "Consent is revoked" in rosa.send(where, act="record", arrived=str(now.date()), certain="yes").text


@pytest.mark.parametrize("arrived", ["", "2026-07-01", "30.02.2026"])
def test_a_letter_has_a_day_that_can_be(rosa: Any, registrar: Any, arrived: str) -> None:
    where = f"/households/{registered(rosa)}/revocation"
    rosa.get(where)
    answer = rosa.send(where, act="record", arrived=arrived, certain="yes")
    assert answer.status_code == 422
    assert 'id="arrived-fault"' in answer.text


@pytest.mark.parametrize("page", ["edit", "devices", "correction", "revocation"])
def test_an_unknown_household_is_no_page(rosa: Any, page: str) -> None:
    assert rosa.get(f"/households/5f000000-0000-4000-8000-0000000000ee/{page}").status_code == 404


def test_a_bundle_is_that_of_the_household_s_own_device_alone(rosa: Any, registrar: Any, centre: Any) -> None:
    one, other = registered(rosa), registered(rosa)
    devices = [
        next(doc["device"] for doc in centre.server.databases[household_database(home)].docs.values()
             if doc["type"] == "device")
        for home in (one, other)
    ]  # fmt: skip
    assert rosa.get(f"/households/{one}/devices/{devices[0]}/bundle").status_code == 200
    assert rosa.get(f"/households/{one}/devices/{devices[1]}/bundle").status_code == 404
    rosa.get(f"/households/{one}/revocation")
    assert rosa.send(f"/households/{one}/devices/{devices[1]}/bundle").status_code == 404


def test_the_map_gets_outlines_and_places(rosa: Any) -> None:
    answer = rosa.get("/households/outlines.json")
    assert answer.json["regions"][0]["name"] == "Square"
    unchanged = rosa.get("/households/outlines.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert unchanged.status_code == 304
    box = "west=9&south=54&east=11&north=55"
    assert [place["place"] for place in rosa.get(f"/households/places.json?{box}").json] == ["Kiel"]
    assert rosa.get("/households/places.json?west=x").status_code == 404


def test_a_service_without_the_centre_s_settings_says_how_to_register(own_centre: Any) -> None:
    object.__setattr__(own_centre.app.extensions["survey_services"], "registration", None)
    rosa = own_centre.signed_in("rosa")
    for path in (NEW, "/households/import"):
        answer = rosa.get(path)
        assert answer.status_code == 503
        assert "survey household add" in answer.text


def test_german_writes_and_reads_commas(centre: Any, registrar: Any) -> None:
    rosa = centre.signed_in("rosa")
    household = registered(rosa)
    german = rosa.get(f"/households/{household}/edit", headers={"Accept-Language": "de"})
    assert 'value="8,4"' in german.text
    assert "Haushalt berichtigen" in german.text


def test_only_who_may_register_is_led_to_it(rosa: Any, registrar: Any, centre: Any, sample: Any) -> None:
    centre.registry.put_once(sample.summary(1).to_json())
    household = f"/households/{sample.summary(1).household}"
    for path, link in (("/households", "/households/new"), (household, f"{household}/revocation")):
        assert f'href="{link}"' in rosa.get(path).text
        assert f'href="{link}"' not in centre.signed_in("adam").get(path).text


def test_what_only_a_person_can_mend_is_told(rosa: Any, registrar: Any, monkeypatch: Any) -> None:
    household = registered(rosa)

    def fail(_household: str) -> None:
        raise Fault("there is no authority. Make one: survey ca init")

    monkeypatch.setattr(registrar, "devices", fail)
    answer = rosa.get(f"/households/{household}/devices")
    assert answer.status_code == 503
    assert "survey ca init" in answer.text
