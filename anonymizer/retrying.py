"""`survey anonymizer retry`: the wish that parked documents be taken once more, kept until that is done."""

from collections import defaultdict
from functools import partial

from couch.client import Server
from couch.clock import Clock
from couch.documents import Json, Parked, Retry, utc
from couch.errors import Fault
from couch.names import REGISTRY


def ask_again(server: Server, name: str | None, clock: Clock) -> int:
    """Ask for all parked documents (`name` None), a household's (its uuid), or one by its name; how many.

    Raises Fault where nothing of that name is parked, CouchError.
    """
    registry = server.database(REGISTRY)
    wanted: dict[str, list[str]] = defaultdict(list)
    for doc in registry.documents(start="parked:", end="parked;"):
        parked = Parked.from_json(doc)
        if name is None or name in (parked.household, parked.document, parked.id):
            wanted[parked.household].append(parked.document)
    if name is not None and not wanted:
        raise Fault("nothing of that name is parked. survey anonymizer status lists what is.")
    for household, documents in wanted.items():
        wish = Retry(household=household, documents=tuple(documents), at=utc(clock.now()))
        registry.replace(wish.id, partial(_both, wish))
    return sum(len(documents) for documents in wanted.values())


def _both(wish: Retry, stored: Json | None) -> Json:
    """A wish that was not fulfilled yet, and this one."""
    if stored is None:
        return wish.to_json()
    before = Retry.from_json(stored)
    documents = tuple(sorted({*before.documents, *wish.documents})) if before.documents else ()
    return Retry(household=wish.household, documents=documents, at=wish.at).to_json()
