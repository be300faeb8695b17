"""A world: a survey in small behind one of the two doors, what attackers know of it, and what it holds."""

import base64
import logging
import secrets
import socket
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from attempt import Attempt, Where, filled
from captured_log import CapturedLog
from raw_client import Address, Connection, Identity, Reply, exchange
from security_authority import (
    NAME,
    PAGES_NAME,
    Authority,
    Member,
)
from security_centre import Centre, Engine, email, person
from security_doors import Nginx, Node, free_port, listener_settings
from security_facts import facts_of
from security_pages import Accounts, PagesProcess, gateway_of

from couch.names import SCOPES
from couch.node.settings import TlsSettings
from couch.settings import Endpoint
from provisioning.enrolment_codes import CODE_LIFETIME, CodeRecord, code_hash, new_code

Door = Literal["listener", "nginx"]
LOGGED_WITHIN_S = 1.0


class World:
    """Everything of one door. `places` fills the attempts' `<place>`s; `secrets` must not come into a log."""

    def __init__(self, door: Door, folder: Path, given: tuple[Endpoint, bytes] | None) -> None:
        """`given`: the CouchDB to use behind nginx and the key of its tokens; None: an embedded node."""
        self.door, self.folder = door, folder
        self.password, self.key = secrets.token_urlsafe(18), secrets.token_bytes(32)
        self.proxy_secret = secrets.token_urlsafe(32)
        self._stack = ExitStack()
        try:
            self._build(given)
            self._begin_silence()
            self.settle()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._stack.close()

    # --- what attempts use

    def address(self, to: Where) -> Address:
        return {"devices": self._devices, "pages": self._pages, "engine": self._engine_address}[to]

    def host(self, to: Where) -> str:
        """What stands in the header Host."""
        address = self.address(to)
        return address.name if address.ca is not None else f"127.0.0.1:{address.port}"

    def send(self, attempt: Attempt) -> Reply:
        """Carry an attempt out."""
        if attempt.steps is not None:
            return attempt.steps(self)
        return exchange(
            self.address(attempt.to),
            attempt.payload(self.places, self.host(attempt.to)),
            self.authority.identities[attempt.who] if attempt.to == "devices" else None,
            source=attempt.source,
            tls=attempt.tls,
        )

    def connect(self, who: str = "device", *, to: Where = "devices", source: str = "127.0.0.1") -> Connection:
        """An open connection."""
        identity = self.authority.identities[who] if to == "devices" else None
        return Connection(self.address(to), identity, source=source)

    def ask(self, method: str, target: str, *headers: str, body: str = "", who: str = "device",
            to: Where = "devices", source: str = "127.0.0.1") -> Reply:  # fmt: skip
        """One plain request of `who`."""
        return self.send(
            Attempt(
                tries="", must="", who=who, to=to, method=method, target=target, headers=headers, body=body,
                source=source,
            )
        )  # fmt: skip

    def without_tls(self, text: str) -> Reply:
        """The bytes at the devices' door, without TLS."""
        plain = Address(self._devices.port)
        return exchange(plain, filled(text, {**self.places, "host": NAME}).encode("latin-1"))

    def state(self) -> tuple[Any, ...]:
        """What no attempt may change."""
        issued = tuple((one.serial, one.revoked_at) for one in self.authority.issuing.records.all())
        return self.centre.state(), self.accounts.state(), issued

    def settle(self) -> None:
        """Take what stands now for the state that the next attempt may not change."""
        self.stands = self.state()

    def logged(self, mark: Any) -> str:
        """What the administrator reads since then; nginx writes its line once the connection has ended."""
        ends = time.monotonic() + LOGGED_WITHIN_S
        while not (found := self.log.since(mark)) and time.monotonic() < ends:
            threading.Event().wait(0.02)
        return found

    def new_code(self, member: Member, *, expired: bool = False, cancelled: bool = False) -> str:
        """A fresh enrolment code of a device."""
        code, now = new_code().reveal(), datetime.now(UTC)
        self.secrets[f"code {len(self.secrets)}"] = code
        made = now - 2 * CODE_LIFETIME if expired else now
        self.authority.store.put_code(
            CodeRecord(
                device=member.device,
                household=member.household,
                code_hash=code_hash(code),
                made_at=made,
                expires_at=made + CODE_LIFETIME,
                cancelled_at=now if cancelled else None,
            )
        )
        return code

    @property
    def canaries(self) -> tuple[str, ...]:
        """What stands in other households' documents: no answer to the attacker may hold it."""
        return tuple(text for name in ("other", "withdrawn") for text in (person(name), email(name)))

    def identity(self, name: str) -> Identity:
        found = self.authority.identities[name]
        assert found is not None
        return found

    # --- how it is built

    def _build(self, given: tuple[Endpoint, bytes] | None) -> None:
        stack, folder = self._stack, self.folder
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = Authority(folder)
        stack.callback(self.authority.close)
        secret_file = folder / "proxy-secret"
        secret_file.write_text(self.proxy_secret + "\n")
        secret_file.chmod(0o600)
        self.accounts = Accounts(folder / "accounts.sqlite")
        behind_nginx = self.door == "nginx"
        if given is not None and behind_nginx:
            endpoint, key = given
            self.engine = Engine(
                url=endpoint.url, user=endpoint.user, password=endpoint.password.reveal(), key=key
            )
        else:
            self.engine = Engine(
                url=f"http://127.0.0.1:{free_port()}", user="admin", password=self.password, key=self.key
            )
        gateway = gateway_of(self.engine, self.authority)
        pages = PagesProcess(
            self.engine,
            self.authority,
            self.accounts,
            gateway=gateway,
            secret=self.proxy_secret.encode(),
            behind_proxy=behind_nginx,
        )
        stack.callback(pages.close)
        if given is None or not behind_nginx:
            tls = TlsSettings() if behind_nginx else listener_settings(
                self.authority, pages.port, self.proxy_secret
            )  # fmt: skip
            node = Node(
                folder / "node",
                port=port_of(self.engine.url),
                password=self.password,
                key=base64.b64encode(self.key).decode(),
                tls=tls,
                keeper=lambda _settings, _url: gateway.authorize,
            )
            stack.callback(node.close)
        self.centre = Centre(self.engine)
        stack.callback(self.centre.close)
        self._identities()
        files: tuple[Path, ...] = ()
        self._engine_address = Address(port_of(self.engine.url))
        root = self.authority.ca.root_certificate
        if behind_nginx:
            door = Nginx(
                folder / "nginx",
                self.authority,
                engine=self.engine.url,
                pages_port=pages.port,
                secret_file=secret_file,
            )
            stack.callback(door.close)
            files = (door.log, door.errors)
            self._devices, self._pages = Address(door.port, root), Address(door.port, root, PAGES_NAME)
        else:
            assert node.running.tls_url is not None
            self._devices = Address(port_of(node.running.tls_url), root)
            self._pages = Address(pages.port)
        self.authority.revoke_quietly("revoked_after_the_list")
        self.log = CapturedLog(files)
        root_logger = logging.getLogger()
        root_logger.addHandler(self.log)
        stack.callback(root_logger.removeHandler, self.log)
        self.places, self.secrets = facts_of(self)

    def _identities(self) -> None:
        """Good certificates and bad ones; the list of revoked ones that nginx gets lacks the last."""
        members, authority = self.centre.members, self.authority
        own = members["own"]
        authority.device("device", own)
        authority.device("neighbour", members["other"])
        authority.device("withdrawn", members["withdrawn"])
        authority.device("waiting", members["waiting"])
        authority.device("of_an_erased_household", members["erased"])
        authority.farewell("farewell", members["erased"])
        for scope in SCOPES:
            left = tuple(one for one in SCOPES if one != scope)
            authority.device(f"without_{scope.replace('-', '_')}", own, left)
        authority.device("reading_only", own, ("account", "household", "measurement-read"))
        stolen = Member(household=own.household)
        authority.bad_ones(own, members["other"], stolen)
        for name in ("revoked", "revoked_after_the_list", "revoked_while_connected"):
            authority.device(name, stolen)
        authority.revoke("revoked")

    def _begin_silence(self) -> None:
        """A connection that never begins TLS, opened now so that its end need not be waited for later."""
        self.silence_began = time.monotonic()
        self.silent = socket.create_connection(("127.0.0.1", self._devices.port), 5.0, ("127.0.0.77", 0))
        self._stack.callback(self.silent.close)


def port_of(url: str) -> int:
    """The port in an address."""
    port = urlsplit(url).port
    assert port is not None
    return port
