"""A centre that erases a household, and a door before it that judges and records as the gateway does."""

import base64
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import msgspec
import requests

from couch.admission import Admitted, refusal_body
from couch.bootstrap import (
    ensure_database,
    erased_consent,
    household_security,
    security_consent,
    security_erased,
)
from couch.certificate import CertificateFacts
from couch.client import Database
from couch.documents import (
    Address,
    Author,
    Consent,
    Contact,
    Erased,
    Json,
    Location,
    Measurement,
    Metadata,
    Meter,
    Reading,
    Registration,
    TimeProvenance,
    utc,
)
from couch.errors import CouchError
from couch.names import SCOPES
from couch.settings import Endpoint
from edge.erasure import Erasure
from edge.erasure_confirmation import Confirmation
from edge.farewell import Farewell
from edge.heartbeat import Vitals
from webapp.gateway.decision import decide
from webapp.gateway.standing import Standing

WITHIN_S = 60
NAME, EMAIL, STREET, CITY = "Zacharias Quendel", "z.quendel@example.org", "Holunderstiege", "Oberquendelheim"
STRINGS = (NAME, EMAIL, STREET, CITY)


def registration(word: str = "") -> Json:
    """Of a person that nobody else is; `word` makes another revision of it."""
    return Registration(
        contact=Contact(name=NAME + word, email=EMAIL),
        address=Address(street=STREET, house_number="7", postal_code="12345", city=CITY),
        metadata=Metadata(
            children=0, adults=1, adults_with_job=1, ev_charger=False, heat_pump=False, home_battery=True
        ),
    ).to_json()


def register(site: Any) -> None:
    """What a researcher writes; the registration twice, so that there is an old revision of it."""
    researcher = site.researcher()
    rev = researcher.put(registration())
    researcher.put({**registration(" jun."), "_rev": rev})
    researcher.put(Location(latitude=51.123456, longitude=7.654321, source="manual").to_json())
    meter = Meter(meter=site.settings.meters[0].meter, meter_type="ELECTRICITY", model="MT681")
    researcher.put(meter.to_json())


def measurement(site: Any, slot: datetime) -> Json:
    return Measurement(
        meter=site.settings.meters[0].meter,
        measured_at=slot,
        slot=slot,
        device=site.settings.device,
        data=(Reading(obis="0100010800ff", value=int(slot.timestamp()), scaler=0, unit="Wh"),),
        time=TimeProvenance(source="synchronized"),
    ).to_json()


def erase_at_centre(site: Any) -> Database:
    """Step 4 of design section 7: the household's database made anew, validators before members."""
    household, at = site.settings.household, utc(site.clock.now())
    site.server.delete_database(site.centre.name)
    security = {**household_security(household), "consent": {**erased_consent(), "erased": False}}
    database = ensure_database(site.server, site.centre.name, "household", security)
    site.researcher().put(Consent(state="revoked", at=at, by=Author(role="researcher")).to_json())
    database.set_security({**security, "consent": erased_consent()})
    return database


def with_file(site: Any, folder: Any) -> Any:
    """The same device, its mark in `folder`."""
    return site.with_settings(msgspec.structs.replace(site.settings, erasure_file=folder / "erasure.json"))


def farewell(site: Any, vitals: Vitals | None = None) -> Farewell:
    """As the agent makes it; a new one stands for a new process."""
    vitals = vitals or Vitals()
    return Farewell(
        Erasure(site.links, site.clock),
        site.links,
        clock=site.clock,
        vitals=vitals,
        confirmation=Confirmation(site.links.centre(), vitals=vitals, longest_pause_s=0.05),
    )


def confirmed_at_centre(site: Any) -> Erased | None:
    found = site.centre.find(f"erased:{site.settings.device}")
    return None if found is None else Erased.from_json(found)


class Door:
    """A relay before the centre: what the gateway refuses it refuses, every request is recorded.

    `answer`: a status that all requests get instead, as from a centre that is broken.
    """

    def __init__(self, site: Any) -> None:
        self.asked: list[tuple[str, str, int]] = []  # method, path without the query, status
        self.while_erased: list[tuple[str, str, int]] = []  # of these, what the gateway judged as such
        self.answer: int | None = None
        self.certificate_ended = False
        self._site = site
        self._changed = threading.Condition()
        account = site.settings.centre
        credentials = base64.b64encode(f"{account.user}:{account.password.reveal()}".encode()).decode()
        self._headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, enough: Callable[[list[tuple[str, str, int]]], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: enough(self.asked), WITHIN_S), self.asked[-20:]

    def _judge(self, method: str, target: str) -> tuple[Json | None, bool]:
        """The refusal, None where it may pass; and whether the household was erased then."""
        settings = self._site.settings
        day = timedelta(days=1)
        now = datetime.now(UTC)
        facts = CertificateFacts(
            serial="01",
            device=settings.device,
            household=settings.household,
            scopes=frozenset(SCOPES),
            not_before=now - 2 * day,
            not_after=now - day if self.certificate_ended else now + day,
            farewell=False,
        )
        local = settings.local
        with Endpoint(local.url, local.admin.user, local.admin.password).server() as admin:
            security = admin.database(self._site.centre.name).security()
        standing = Standing("good", security_erased(security), security_consent(security))
        decision = decide(facts, standing, method, target, now)
        return None if isinstance(decision, Admitted) else refusal_body(decision), standing.erased

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer, erased = door.relay(self.command, self.path, body)
                with door._changed:
                    entry = (self.command, unquote(self.path.partition("?")[0]), status)
                    door.asked.append(entry)
                    door.while_erased += [entry] if erased else []
                    door._changed.notify_all()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _do

            def log_message(self, *_: object) -> None:
                return

        return Handler

    def relay(self, method: str, target: str, body: bytes) -> tuple[int, bytes, bool]:
        trouble = b'{"error":"trouble","reason":"no_db_file"}'
        if self.answer is not None:
            return self.answer, trouble, False
        try:
            refused, erased = self._judge(method, target)
        except CouchError:  # the database is being made anew: nothing can be judged, nothing passes
            return 503, trouble, False
        if refused is not None:
            return int(refused["status"]), json.dumps(refused).encode(), erased
        answer = requests.request(
            method, self._site.settings.local.url + target, data=body, headers=self._headers, timeout=60
        )
        return answer.status_code, answer.content, erased
