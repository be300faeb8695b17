"""The wish that parked documents be taken once more, kept in `registry` until the worker has done it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial

from couch.client import Database, Server
from couch.clock import Clock
from couch.documents import Json, Parked, Retry, utc
from couch.errors import Fault
from couch.names import REGISTRY

_PIECE = 1000


def all_parked(registry: Database) -> list[Parked]:
    """What is parked of all households. Raises CouchError."""
    return [Parked.from_json(doc) for doc in registry.documents(start="parked:", end="parked;")]


def ask_by_name(server: Server, name: str | None, clock: Clock) -> int:
    """Ask for all parked documents (`name` None), a household's (its uuid), or one by its name; how many.

    Raises Fault where nothing of that name is parked, CouchError.
    """
    registry = server.database(REGISTRY)
    wanted = [one for one in all_parked(registry) if name in {None, one.household, one.document, one.id}]
    if name is not None and not wanted:
        raise Fault("nothing of that name is parked. survey anonymizer status lists what is.")
    return ask_again(registry, wanted, clock)


def ask_again(registry: Database, wanted: Iterable[Parked], clock: Clock) -> int:
    """Ask for these to be tried again; how many. Raises CouchError."""
    by_household: dict[str, list[str]] = defaultdict(list)
    for parked in wanted:
        by_household[parked.household].append(parked.document)
    now = utc(clock.now())
    wishes = [
        Retry(household=household, documents=tuple(documents), at=now)
        for household, documents in by_household.items()
    ]
    for at in range(0, len(wishes), _PIECE):
        _write(registry, wishes[at : at + _PIECE])
    return sum(map(len, by_household.values()))


def _write(registry: Database, wishes: Sequence[Retry]) -> None:
    """In two requests; one by one only where somebody was quicker."""
    stored = {doc["_id"]: doc for doc in registry.documents(keys=[wish.id for wish in wishes])}
    docs = []
    for wish in wishes:
        before = stored.get(wish.id)
        doc = _both(wish, before)
        docs.append(doc if before is None else {**doc, "_rev": before["_rev"]})
    for wish, result in zip(wishes, registry.bulk(docs), strict=True):
        if result.error is not None:
            registry.replace(wish.id, partial(_both, wish))


def _both(wish: Retry, stored: Json | None) -> Json:
    """A wish that was not fulfilled yet, and this one."""
    if stored is None:
        return wish.to_json()
    before = Retry.from_json(stored)
    documents = tuple(sorted({*before.documents, *wish.documents})) if before.documents else ()
    return Retry(household=wish.household, documents=documents, at=wish.at).to_json()
