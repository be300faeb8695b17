"""What an endpoint is: one description that routes, checks, answers and documents it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

from couch.certificate import CertificateFacts
from couch.client import Database
from webapp.api.services import ApiServices

Query = type[msgspec.Struct]


@dataclass(frozen=True, slots=True)
class Reply:
    """What an endpoint answers: a body of the type that its description names for `status`."""

    body: msgspec.Struct
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """A checked request. `facts` None: by a person who signed in."""

    services: ApiServices
    facts: CertificateFacts | None
    path: str
    ids: Mapping[str, str]  # the identifiers in the path
    query: Any  # of the description's type
    body: Any

    @property
    def device(self) -> CertificateFacts:
        """The calling device; only endpoints with a scope may ask."""
        return cast(CertificateFacts, self.facts)

    @property
    def household(self) -> Database:
        """The database of the calling device's household, and of no other."""
        return self.services.household(self.device)


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: the type of its body and what it means."""

    body: type[msgspec.Struct]
    means: str
    headers: Mapping[str, str] = field(default_factory=dict)  # name to what it says


@dataclass(frozen=True, kw_only=True)
class Route:
    """An endpoint. It has either a scope (devices) or roles (people); `number` is the thesis's, table 4.2.

    `path` as OpenAPI writes it; its parameters are uuids. `problems`: beside the common ones.
    """

    number: int
    method: str
    path: str
    act: Callable[[Call], Reply]
    summary: str
    description: str
    answers: Mapping[int, Answer]
    scope: str | None = None
    roles: tuple[str, ...] = ()
    query: Query | None = None
    body: type[msgspec.Struct] | None = None
    problems: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """`get_household_meter`: Flask's endpoint and OpenAPI's operationId."""
        parts = [part for part in self.path.split("/") if part and not part.startswith("{")]
        return "_".join([self.method.lower(), *parts])

    @property
    def all_problems(self) -> tuple[str, ...]:
        """Every problem that this endpoint can answer with, by name."""
        door = (
            ("certificate-required", "certificate-unfit", "certificate-revoked", "scope-missing", "not-found")
            if self.scope
            else ("sign-in-required", "role-missing")
        )
        taken = ("malformed", "unsupported-media-type", "invalid") if self.body else ()
        if self.method != "GET":
            taken = (*taken, "malformed", "too-large")
        common = ("bad-query", *door, "not-acceptable", "misdirected")
        ends = ("internal", "database-refused", "unavailable")
        return tuple(dict.fromkeys((*common, *taken, *self.problems, *ends)))
