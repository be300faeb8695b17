"""The rows of a CouchDB answer one by one, while it still arrives: memory holds a piece, never the whole.

Both engines write `{..., "rows": [row, row, ...]}`; how they break lines does not matter here.
"""

import codecs
import json
from collections.abc import Iterable, Iterator

import requests

from couch.documents.fields import Json
from couch.errors import Unreachable

_PIECE = 64 * 1024
_DECODER = json.JSONDecoder()
_START = '"rows":['


def rows_of(pieces: Iterable[str]) -> Iterator[Json]:
    """Each row of the answer whose text comes in `pieces`.

    Raises Unreachable when the answer ends before its last row is closed.
    """
    text, inside = "", False
    for piece in pieces:
        text += piece
        if not inside:
            found = text.find(_START)
            if found < 0:
                continue
            text, inside = text[found + len(_START) :], True
        place = 0
        while True:
            place = _skip(text, place)
            if place >= len(text):
                break
            if text[place] == "]":
                return
            try:
                row, place = _DECODER.raw_decode(text, place)
            except json.JSONDecodeError:
                break  # the rest of this row is still on its way
            yield row
        text = text[place:]
    raise Unreachable("the answer ended in the middle of its rows; the request may be tried again.")


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \r\n\t,":
        place += 1
    return place


def text_pieces(response: requests.Response) -> Iterator[str]:
    """The answer's text as it arrives. Raises Unreachable when the connection breaks."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in response.iter_content(_PIECE):
            yield decoder.decode(chunk)
    except (requests.RequestException, OSError) as err:
        raise Unreachable("the answer broke off; the request may be tried again.") from err
