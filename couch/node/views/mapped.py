"""What the map functions of a group made of a batch of documents, decoded and put into order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from couch.node.collation import collation_key, raw_key
from couch.node.source import ChangedDocument
from couch.node.views.definition import ViewGroup


class MappedRow(NamedTuple):
    """One emitted row: its place in the order of the view, key and value as JSON text."""

    sort: bytes
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class MappedDocument:
    """What each map function of the group emitted for one document."""

    id: str
    emitted: Sequence[Sequence[MappedRow]]


_Rows = list[list[list[tuple[msgspec.Raw, msgspec.Raw]]]]


def source_text(documents: Sequence[ChangedDocument], group: ViewGroup) -> bytes:
    """The documents as the JSON array that the map functions read."""
    bodies = [doc.body for doc in documents]
    if group.local_seq:
        bodies = [
            f'{body[:-1]},"_local_seq":{doc.seq}}}' for doc, body in zip(documents, bodies, strict=True)
        ]
    return f"[{','.join(bodies)}]".encode()


def read_mapped(
    result: bytes, documents: Sequence[ChangedDocument], group: ViewGroup
) -> list[MappedDocument]:
    """Decode what a worker emitted for these documents."""
    decode = msgspec.json.decode
    orders = [raw_key if function.raw else collation_key for function in group.maps]
    found: list[MappedDocument] = []
    for document, results in zip(documents, decode(result, type=_Rows), strict=True):
        emitted = [
            _in_order([MappedRow(order(decode(key)), _text(key), _text(value)) for key, value in rows])
            for order, rows in zip(orders, results, strict=True)
        ]
        found.append(MappedDocument(document.id, emitted))
    return found


def _in_order(rows: list[MappedRow]) -> list[MappedRow]:
    """What one document emits under one key stands in Erlang's order of the values, as in CouchDB."""
    if len(rows) > 1 and len({row.sort for row in rows}) < len(rows):
        rows.sort(key=lambda row: raw_key(msgspec.json.decode(row.value)))
    return rows


def _text(raw: msgspec.Raw) -> str:
    return bytes(raw).decode()
