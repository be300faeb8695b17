"""The pages over a database server: what its validators let them write, and what they hand over."""

import html
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from anonymizer.geodata.outlines import RegionMap
from anonymizer.geodata.postal_codes import PostalCodes
from couch.clock import Clock
from couch.names import household_database
from couch.settings import Account, Endpoint
from webapp.accounts.accounts_file import AccountsFile
from webapp.accounts.directory import Directory
from webapp.accounts.door import AccountDoor
from webapp.accounts.passwords import Passwords
from webapp.accounts.services import AccountServices
from webapp.accounts.sessions import AccountSessions
from webapp.centre import centre_site
from webapp.centre_services import CentreServices
from webapp.factory import create_app
from webapp.registration.services import RegistrationServices
from webapp.session_cookie import cookie_name
from webapp.site import SignedIn

pytestmark = pytest.mark.slow  # an authority, and compactions

WITHIN_S = 120  # compactions, on a machine that is at other things, too

FORM = {
    "name": "Ada Example",
    "email": "ada@example.org",
    "street": "Musterweg",
    "postal_code": "24103",
    "city": "Kiel",
    "children": "1",
    "adults": "2",
    "adults_with_job": "1",
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


class OneResearcher:
    """Sessions in which everybody is a researcher."""

    def begin(self, _entered: object) -> str:
        return "session"

    def find(self, token: str) -> SignedIn:
        return SignedIn(("researcher",), "rosa", token)

    def end(self, _token: str) -> None:
        return


@dataclass
class Researcher:
    """Somebody at the pages, who sends the form seen last."""

    client: FlaskClient
    page: str = ""

    def get(self, path: str) -> str:
        self.page = self.client.get(path).text
        return self.page

    def send(self, path: str, **fields: str) -> Any:
        hidden = re.findall(r'type="hidden" name="(csrf_token|draft|seen|opened)" value="([^"]*)"', self.page)
        known = {name: html.unescape(value) for name, value in hidden}
        answer = self.client.post(path, data={**known, **fields})
        self.page = answer.text
        return answer


@pytest.fixture
def rosa(
    centre: Any,
    registrar: Any,
    couch_admin: Endpoint,
    role_account: Callable[..., Account],
    tmp_path: Path,
) -> Iterator[Researcher]:
    account, file = role_account("researcher", "analyst"), AccountsFile(tmp_path / "accounts.sqlite")
    directory, passwords = Directory(file), Passwords()
    pages = Endpoint(couch_admin.url, account.user, account.password)
    with pages.server() as server:
        services = CentreServices(
            server=lambda: server,
            accounts=AccountServices(
                directory=directory,
                sessions=AccountSessions(file, 60, 60),
                passwords=passwords,
                door=AccountDoor(directory, passwords),
            ),
            clock=Clock(),
            timezone=UTC,
            registration=RegistrationServices(
                registrar=registrar,
                places=PostalCodes(tmp_path / "none.sqlite"),
                regions=RegionMap(tmp_path / "none.gpkg"),
                folder=tmp_path,
            ),
        )
        site = replace(centre_site(services), sessions=OneResearcher())
        client = create_app(site, secret=b"k" * 32, cookie="centre").test_client()
        client.set_cookie(cookie_name("centre", https=False), "s" * 43)
        yield Researcher(client)


def registered(rosa: Researcher, centre: Any) -> str:
    rosa.get("/households/new")
    answer = rosa.send("/households/new", **{**FORM, "email": f"{uuid.uuid4().hex}@example.org"})
    assert answer.status_code == 303, answer.text
    household = str(answer.location.split("/")[2])
    centre.households.append(household)
    return household


def docs_of(centre: Any, household: str) -> dict[str, Any]:
    return {doc["_id"]: doc for doc in centre.admin.database(household_database(household)).documents()}


def test_a_household_is_registered_corrected_and_completed(
    rosa: Researcher, centre: Any, registrar: Any
) -> None:
    household = registered(rosa, centre)
    page = rosa.get(f"/households/{household}/edit")
    device, meter, system = (
        re.search(rf'name="{kind}" value="([0-9a-f-]{{36}})"', page)[1]  # type: ignore[index]
        for kind in ("devices", "meters", "systems")
    )
    form = {
        **{name: text for name, text in FORM.items() if "-1-" not in name},
        "name": "Ada King",
        "devices": device,
        f"devices-{device}-name": "cellar",
        "meters": meter,
        f"meters-{meter}-type": "pv_generation",
        f"meters-{meter}-model": "DD3",
        f"meters-{meter}-device": device,
        "latitude": "54.3",
        "longitude": "10.1",
    }
    answer = rosa.send(f"/households/{household}/edit", **{**form, "systems": "1"}, **{
        "systems-1-power": "2", "systems-1-azimuth": "90", "systems-1-tilt": "10",
        "systems-1-installed": "2020-01-01", "systems-1-meters": meter,
    })  # fmt: skip
    assert answer.status_code == 303, answer.text
    registrar.wait(household, WITHIN_S)
    docs = docs_of(centre, household)
    assert docs["registration"]["contact"]["name"] == "Ada King"
    assert docs[f"meter:{meter}"]["model"] == "DD3"
    assert (docs["location"]["latitude"], docs["location"]["source"]) == (54.3, "manual")
    (only,) = [doc for doc_id, doc in docs.items() if doc_id.startswith("pv_system:")]
    assert (only["nominal_power_kw"], only["meters"]) == (2, [meter])
    assert only["pv_system"] != system
    assert "no old value is left" in rosa.get(f"/households/{household}/correction")


def test_a_letter_revokes_and_nothing_is_corrected_afterwards(rosa: Researcher, centre: Any) -> None:
    household = registered(rosa, centre)
    today = Clock().now().date().isoformat()
    where = f"/households/{household}/revocation"
    rosa.get(where)
    assert rosa.send(where, act="record", arrived=today, certain="yes").status_code == 303
    assert docs_of(centre, household)["consent:revoked"]["by"]["role"] == "researcher"
    assert rosa.client.get(f"/households/{household}/edit").status_code == 410
    assert rosa.client.get(f"/households/{uuid.uuid4()}/edit").status_code == 404
