"""How a document is pushed at a database: each way gives the request for it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from attack_world import Home, Json


@dataclass(frozen=True)
class Attempt:
    """A request; `path` below the database, an absolute one begins with "/"."""

    method: str
    path: str
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()


Make = Callable[[Home], Attempt]
Doc = Callable[[Home], Json]

F, E = "f" * 32, "e" * 32


def put(doc: Doc, query: str = "") -> Make:
    """PUT, over the revision that stands there if the document names one."""

    def make(home: Home) -> Attempt:
        body = doc(home)
        return Attempt("PUT", quote(body["_id"], safe="") + query, body)

    return make


def post(doc: Doc) -> Make:
    return lambda home: Attempt("POST", "", doc(home))


def bulk(*docs: Doc) -> Make:
    return lambda home: Attempt("POST", "_bulk_docs", {"docs": [doc(home) for doc in docs]})


def replicated(doc: Doc, ids: Callable[[Home], Sequence[str]], start: int) -> Make:
    """`new_edits=false`, with this ancestry: digests, the newest first."""

    def make(home: Home) -> Attempt:
        ancestry = list(ids(home))
        body = {
            **doc(home),
            "_rev": f"{start}-{ancestry[0]}",
            "_revisions": {"start": start, "ids": ancestry},
        }
        return Attempt("POST", "_bulk_docs", {"docs": [body], "new_edits": False})

    return make


def forged(doc: Doc, rev: str = f"99-{F}") -> Make:
    """`new_edits=false` under a number that wins against what is stored."""
    start, _, digest = rev.partition("-")
    return replicated(doc, lambda _home: [digest], int(start))


def forged_by_number_alone(doc: Doc, rev: str = f"99-{F}") -> Make:
    """The same without `_revisions`, one document by PUT."""

    def make(home: Home) -> Attempt:
        body = {**doc(home), "_rev": rev}
        return Attempt("PUT", f"{quote(body['_id'], safe='')}?new_edits=false", body)

    return make


def following(doc: Doc) -> Make:
    """`new_edits=false`, an honest child of what stands there."""

    def make(home: Home) -> Attempt:
        body = doc(home)
        return replicated(doc, lambda home: [F, home.rev(body["_id"]).partition("-")[2]], 2)(home)

    return make


def long_ancestry(doc: Doc) -> Make:
    """`new_edits=false`, 999 generations that begin with what stands there."""

    def make(home: Home) -> Attempt:
        body = doc(home)
        first = home.rev(body["_id"]).partition("-")[2]
        ids = [f"{number:032x}" for number in range(999, 1, -1)] + [first]
        return replicated(doc, lambda _home: ids, 999)(home)

    return make


def long_ancestry_stemmed(doc: Doc) -> Make:
    """The same, but cut off before it reaches the root, as after many edits."""
    return replicated(doc, lambda _home: [f"{number:032x}" for number in range(1999, 1000, -1)], 1999)


def sibling(doc: Doc, digest: str = F) -> Make:
    """`new_edits=false`: a second first generation beside the one that stands there."""
    return forged(doc, f"1-{digest}")


def delete(doc_id: Callable[[Home], str] | str) -> Make:
    def make(home: Home) -> Attempt:
        name = doc_id if isinstance(doc_id, str) else doc_id(home)
        return Attempt("DELETE", f"{quote(name, safe='')}?rev={home.rev(name)}")

    return make


def over(doc: Doc) -> Doc:
    """The document with the revision that stands there."""
    return lambda home: {**doc(home), "_rev": home.rev(doc(home)["_id"])}


def tombstone(doc_id: Callable[[Home], str] | str, **fields: Any) -> Doc:
    def make(home: Home) -> Json:
        name = doc_id if isinstance(doc_id, str) else doc_id(home)
        return {"_id": name, "_deleted": True, **fields}

    return make


def attached(doc_id: str) -> Make:
    """A file put at a stored document."""

    def make(home: Home) -> Attempt:
        path = f"{quote(doc_id, safe='')}/photo.jpg?rev={home.rev(doc_id)}"
        return Attempt("PUT", path, "the picture", (("Content-Type", "image/jpeg"),))

    return make


def with_attachment(doc: Doc) -> Doc:
    file = {"content_type": "text/plain", "data": "QWRh"}
    return lambda home: {**doc(home), "_attachments": {"photo.txt": file}}


def copy(source: str, target: str) -> Make:
    """COPY one document over another."""

    def make(home: Home) -> Attempt:
        return Attempt(
            "COPY",
            quote(source, safe=""),
            None,
            (("Destination", f"{quote(target, safe='')}?rev={home.rev(target)}"),),
        )

    return make


def request(method: str, path: str, body: Any = None, **headers: str) -> Make:
    """Any request; `{db}`, `{meter}`, `{household}`, `{device}` in path and body are the home's."""

    def make(home: Home) -> Attempt:
        def fill(text: str) -> str:
            places = {"{db}": home.name, "{meter}": home.meter, "{device}": home.device}
            for place, value in {**places, "{household}": home.uuid}.items():
                text = text.replace(place, value)
            return text

        sent = body if body is None else json.loads(fill(json.dumps(body)))
        return Attempt(method, fill(path), sent, tuple((key, fill(value)) for key, value in headers.items()))

    return make
