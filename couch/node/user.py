"""Who is asking: CouchDB's user context."""

from dataclasses import dataclass
from typing import Any

ADMIN_ROLE = "_admin"


@dataclass(frozen=True, slots=True)
class UserCtx:
    """One authenticated (or anonymous) caller of one request.

    Attributes: `name` None for nobody; `roles` as accounts and tokens carry them, `_admin` for the server's
    administrator; `handler` the way of authentication as `GET /_session` names it, "" for nobody.
    """

    name: str | None = None
    roles: tuple[str, ...] = ()
    handler: str = ""

    @property
    def is_admin(self) -> bool:
        """Whether this is the server's administrator."""
        return ADMIN_ROLE in self.roles

    def to_json(self, database: str | None = None) -> dict[str, Any]:
        """The `userCtx` object that design functions see; `db` only where a database is meant."""
        body: dict[str, Any] = {"name": self.name, "roles": list(self.roles)}
        return body if database is None else {"db": database, **body}


NOBODY = UserCtx()
INTERNAL_ADMIN = UserCtx(None, (ADMIN_ROLE,), "internal")
