"""The survey's client of CouchDB: one account at one server, typed errors, time-outs, no surprises.

It speaks through pycouchdb's resource layer (see `couch.transport`). One `Server` belongs to one thread.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import cast
from urllib.parse import quote

from couch.accounts import USERS, user_id, wanted_account
from couch.changes_feed import rounds
from couch.database import Database
from couch.documents.fields import Json
from couch.errors import Conflict, CouchError, NotFound
from couch.results import BulkResult, Change, ChangesBatch, DatabaseUpdate, Session, ViewRow
from couch.transport import Transport

_CREATE_WITHIN_S = 5.0


class Server:
    """One account at one CouchDB server. One instance a thread."""

    def __init__(
        self,
        url: str,
        *,
        user: str | None = None,
        password: str | None = None,
        timeout_s: float = 30.0,
        verify: bool | str = True,
        cert: tuple[str, str] | None = None,
        token: Callable[[], str] | None = None,
    ) -> None:
        """`url` may carry credentials: they are taken out and hidden.

        `verify`: a CA file, or False for none; `cert`: our certificate and key file; `token`: in place of an
        account, gives the JWT (without "Bearer") that each request is to carry. `timeout_s` bounds the
        silence of the server in each request. Raises Fault when `url` is no address.
        """
        self.transport = Transport(
            url, user=user, password=password, timeout_s=timeout_s, verify=verify, cert=cert, token=token
        )
        self.url = self.transport.url

    def __repr__(self) -> str:
        return f"Server({self.url!r})"

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def up(self) -> bool:
        """Whether the server answers that it is ready; never raises."""
        try:
            self.transport.request("GET", "_up")
        except CouchError:
            return False
        return True

    def session(self) -> Session:
        """Who the server takes us for. Raises AccessDenied when the password is wrong."""
        context = self.transport.request("GET", "_session")["userCtx"]
        return Session(context["name"], tuple(context["roles"]))

    def database(self, name: str) -> Database:
        """A handle; the database need not exist."""
        return Database(self, name)

    def create_database(self, name: str) -> bool:
        """Create it with one shard; False when it was there.

        CouchDB may say 412 for a moment after a deletion (design 11.9): that is waited out.
        """
        ends = time.monotonic() + _CREATE_WITHIN_S
        while True:
            try:
                self.transport.request("PUT", name, params={"q": 1}, repeatable=True)
            except Conflict:
                if self.database(name).exists():
                    return False
                if time.monotonic() >= ends:
                    raise
                time.sleep(0.1)
            else:
                return True

    def delete_database(self, name: str) -> None:
        """Delete it with everything in it; an absent one is done."""
        try:
            self.transport.request("DELETE", name, repeatable=True)
        except NotFound:
            return

    def database_names(self, prefix: str = "") -> list[str]:
        """The names that begin with `prefix`, sorted."""
        params = {"start_key": f'"{prefix}"', "end_key": f'"{prefix}\ufff0"'} if prefix else None
        names = self.transport.request("GET", "_all_dbs", params=params)
        return sorted(name for name in names if name.startswith(prefix))

    def put_user(self, name: str, password: str, roles: Sequence[str]) -> None:
        """Make the account be there with this password and these roles; changes only what differs."""
        self.database(USERS).replace(
            user_id(name), lambda stored: wanted_account(stored, name, password, roles)
        )

    def replicate(self, body: Json, *, timeout_s: float) -> Json:
        """POST /_replicate and wait for the one-shot to end.

        Raises AccessDenied (an end refused its account), Unreachable (no end within `timeout_s`, after which
        it goes on by itself; or an end that cannot be opened: CouchDB does not tell an absent database from
        a broken way to it).
        """
        return cast(Json, self.transport.request("POST", "_replicate", body=body, timeout_s=timeout_s))

    def database_updates(self, since: str, *, stop: threading.Event) -> Iterator[DatabaseUpdate]:
        """Created, updated and deleted databases after `since` ("0": all, "now"), until `stop` is set.

        Needs the server's administrator. Raises NotFound while `_global_changes` is missing (design 11.5).
        """
        for answer in rounds(self.transport, ("_db_updates",), since, {"limit": 1000}, stop):
            for row in answer["results"]:
                yield DatabaseUpdate(row["db_name"], row["type"], str(row["seq"]))

    def close(self) -> None:
        """Close idle connections; the server can still be used."""
        self.transport.close()


def database_url(server_url: str, name: str) -> str:
    """The address of a database, its name escaped."""
    return f"{server_url.rstrip('/')}/{quote(name, safe='')}"


__all__ = [
    "BulkResult",
    "Change",
    "ChangesBatch",
    "Database",
    "DatabaseUpdate",
    "Server",
    "Session",
    "ViewRow",
    "database_url",
]
