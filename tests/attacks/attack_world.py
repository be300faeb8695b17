"""What is attacked: households in each state of consent, with an account of everybody who could try."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

from couch.bootstrap import (
    deploy,
    document_consent,
    ensure_database,
    household_security,
    raise_consent,
    replica_security,
    security_consent,
)
from couch.client import Database, Server
from couch.design_documents import load_design_document
from couch.documents import ConsentState
from couch.names import (
    ADMINISTRATOR,
    AGENT,
    ANALYST,
    PAGE,
    PULL,
    PUSH,
    RESEARCHER,
    SCOPES,
    WORKER,
    device_role,
    device_roles,
    household_database,
    household_role,
    scope_role,
)
from couch.settings import Account, Endpoint

Json = dict[str, Any]
TIMEOUT_S = 30
NAME = "Ada Lovelace of the attacked household"
AT = "2025-07-01T12:00:07Z"
GATES = {
    "not_granted": ConsentState.NOT_GRANTED,
    "granted": ConsentState.GRANTED,
    "revoked": ConsentState.REVOKED,
    "erased": ConsentState.REVOKED,
}
RULES = "_design/rules"


def slot(number: int) -> str:
    return f"2025-07-{1 + number // 96:02d}T{number // 4 % 24:02d}:{number % 4 * 15:02d}:00Z"


@dataclass
class Home:
    """A household's database, or a device's replica of one, as its server's administrator sees it."""

    uuid: str
    device: str
    other_device: str
    state: str
    admin: Database
    meter: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def name(self) -> str:
        return self.admin.name

    def measurement(self, number: int = 40, **change: Any) -> Json:
        doc = {
            "_id": f"measurement:{self.meter}:{slot(number)}",
            "type": "measurement",
            "meter": self.meter,
            "slot": slot(number),
            "measured_at": slot(number),
            "device": self.device,
            "data": [{"obis": "0100010800ff", "value": 1000 + number, "scaler": 0, "unit": "Wh"}],
            "time": {"source": "synchronized"},
        }
        return doc | change

    def gap(self, number: int = 50, **change: Any) -> Json:
        doc = {
            "_id": f"gap:{self.meter}:{slot(number)}",
            "type": "gap",
            "meter": self.meter,
            "from_slot": slot(number),
            "to_slot": slot(number + 1),
            "device": self.device,
            "cause": "locked",
        }
        return doc | change

    def consent(self, state: str, /, **change: Any) -> Json:
        by = {"role": "participant", "device": self.device}
        doc = {"_id": f"consent:{state}", "type": "consent", "state": state, "at": AT, "by": by}
        return doc | change

    def registration(self, **change: Any) -> Json:
        return {"_id": "registration", "type": "registration", "contact": {"name": NAME}} | change

    def report(self, **change: Any) -> Json:
        doc = {"_id": f"report:{self.meter}", "type": "report", "report": self.meter, "at": AT, "text": "x"}
        return doc | change

    def confirmation(self, **change: Any) -> Json:
        doc = {"_id": f"erased:{self.device}", "type": "erased", "device": self.device, "at": AT}
        return doc | {"unsent_measurements": 3} | change

    def heartbeat(self, **change: Any) -> Json:
        doc = {"_id": f"heartbeat:{self.device}", "type": "heartbeat", "device": self.device, "at": AT}
        return doc | change

    def stored(self, doc_id: str) -> Json:
        return self.admin.get(doc_id)

    def rev(self, doc_id: str) -> str:
        return str(self.stored(doc_id)["_rev"])

    # --- what must be true

    def snapshot(self) -> Any:
        """Changes with everything that is written, deleted, purged or configured here."""
        return self.admin.info()["update_seq"], self.admin.security(), self.rev(RULES)

    def after_the_worker(self) -> ConsentState:
        """The consent in effect once worker or agent took what stands here: the way to an open gate."""
        raise_consent(self.admin, document_consent(self.admin))
        return security_consent(self.admin.security())


@dataclass
class World:
    """Homes and accounts on the server under test."""

    admin: Server
    url: str
    account: Callable[..., Account]
    households: tuple[str, ...] = field(default_factory=lambda: tuple(str(uuid.uuid4()) for _ in range(150)))
    device: str = field(default_factory=lambda: str(uuid.uuid4()))
    other_device: str = field(default_factory=lambda: str(uuid.uuid4()))
    other_household: str = field(default_factory=lambda: str(uuid.uuid4()))
    made: list[str] = field(default_factory=list)
    sessions: dict[str, requests.Session] = field(default_factory=dict)
    _homes: dict[str, Home] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._spare = list(self.households)

    def roles(self, who: str) -> list[str]:
        """Of an actor; the device is one of every household here, so that one account does."""
        own = [device_role(self.device), *map(household_role, self.households)]
        return {
            "device": [*own, *(scope_role(scope) for scope in SCOPES)],
            "reading device": [*own, scope_role("household")],
            "other household's device": device_roles(self.other_household, self.other_device),
            "researcher": [RESEARCHER],
            "administrator": [ADMINISTRATOR],
            "analyst": [ANALYST],
            "worker": [WORKER],
            "agent": [AGENT],
            "page": [PAGE],
            "pull": [PULL],
            "push": [PUSH],
        }[who]

    def account_of(self, who: str) -> Account:
        return self.account(*self.roles(who))

    def session(self, who: str) -> requests.Session:
        """A connection as this actor; nobody shows nothing."""
        if who not in self.sessions:
            session = requests.Session()
            if who != "nobody":
                account = self.account_of(who)
                session.auth = (account.user, account.password.reveal())
            self.sessions[who] = session
        return self.sessions[who]

    def ask(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        data = body if body is None or isinstance(body, str) else json.dumps(body)
        sent = {"Content-Type": "application/json", **headers}
        return self.session(who).request(
            method, f"{self.url}/{path}", data=data, headers=sent, timeout=TIMEOUT_S
        )

    def database(self, who: str, name: str) -> Database:
        account = self.account_of(who)
        return Endpoint(self.url, account.user, account.password).server().database(name)

    # --- homes

    def home(self, state: str) -> Home:
        """One in this state that no attack has changed yet: "granted", "replica revoked" ..."""
        if state not in self._homes:
            self._homes[state] = self.new_home(state)
        return self._homes[state]

    def spoiled(self, state: str) -> None:
        self._homes.pop(state, None)

    def new_home(self, state: str) -> Home:
        place, consent = ("replica", state.split()[1]) if state.startswith("replica") else ("centre", state)
        assert consent in GATES
        household = self._spare.pop()
        name = f"replica-{household}" if place == "replica" else household_database(household)
        self.made.append(name)
        home = Home(household, self.device, self.other_device, state, self.admin.database(name))
        security = replica_security() if place == "replica" else household_security(household)
        if consent == "erased":
            self._erased(home, security)
            return home
        ensure_database(self.admin, name, "household", security)
        writer, measurer = ("pull", "agent") if place == "replica" else ("worker", "device")
        decider = "page" if place == "replica" else "device"
        meter = {"_id": f"meter:{home.meter}", "type": "meter", "meter": home.meter}
        self._write(writer, home, home.registration(), meter)
        if consent != "not_granted":
            self._write(decider, home, home.consent("granted"))
            raise_consent(home.admin, ConsentState.GRANTED)
            self._write(measurer, home, home.measurement(0), home.measurement(1), home.gap(2))
        if consent == "revoked":
            self._write(decider, home, home.consent("revoked"))
            raise_consent(home.admin, ConsentState.REVOKED)
        return home

    def _erased(self, home: Home, security: Json) -> None:
        """Made anew, in the worker's order: database, the two consents, rules, members last."""
        self.admin.create_database(home.name)
        home.admin.bulk([home.consent("granted"), home.consent("revoked")])
        deploy(home.admin, load_design_document("rules"))
        home.admin.set_security({**security, "consent": {"state": "revoked", "erased": True}})

    def _write(self, who: str, home: Home, *docs: Json) -> None:
        answer = self.ask(who, "POST", f"{home.name}/_bulk_docs", {"docs": list(docs)})
        assert answer.status_code == 201, answer.text
        assert not [row for row in answer.json() if "error" in row], answer.text

    def consent_is_as_it_was(self, home: Home) -> None:
        """The gate stands where it stood, also after the worker took what is stored; and it holds."""
        state = home.state.split()[-1]
        assert home.after_the_worker() is GATES[state]
        if state == "erased":
            assert home.admin.security()["consent"]["erased"] is True
            assert home.admin.find("registration") is None
        if state in ("revoked", "erased"):
            assert home.stored("consent:revoked")["state"] == "revoked"
        if state != "granted":
            who = "agent" if home.state.startswith("replica") else "device"
            doc = home.measurement(number=77)
            measured = self.ask(who, "POST", f"{home.name}/_bulk_docs", {"docs": [doc]})
            assert outcome(measured).startswith("refused measurement _security.consent")

    def tidy_up(self) -> None:
        for session in self.sessions.values():
            session.close()
        for name in self.made:
            self.admin.delete_database(name)


def outcome(answer: requests.Response) -> str:
    """What came back, in a word and the rule: `refused <reason>`, `denied`, `conflict` ...

    `refused` is the rules' own word. `not there`: the server does not offer that at all (or not so).
    """
    try:
        said = answer.json()
    except ValueError:
        said = None
    if isinstance(said, list):
        wrong = [row for row in said if "error" in row]
        if not wrong:
            return "stored"
        said = wrong[0]
    elif answer.status_code < 300:
        return "stored"
    error, reason = (said.get("error"), said.get("reason")) if isinstance(said, dict) else (None, answer.text)
    if error == "forbidden" and isinstance(reason, str) and ": " in reason:
        return f"refused {reason}"
    if error == "conflict":
        return "conflict"
    if answer.status_code in (401, 403) or error in ("unauthorized", "forbidden"):
        return "denied"
    return "not there"
