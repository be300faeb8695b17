"""Rows of an answer while it arrives, however it is cut into pieces."""

import itertools
import json
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couch.errors import Unreachable
from couch.streamed_rows import rows_of

ROWS = [{"id": "a", "key": ['"rows":[', "]}"], "value": 1.5}, {"key": None, "value": {"x": [1, "ü\\"]}}]
COUCHDB = (
    '{"total_rows":2,"offset":0,"rows":[\r\n' + ",\r\n".join(json.dumps(row) for row in ROWS) + "\r\n]}\n"
)
ONE_LINE = json.dumps({"rows": ROWS}, separators=(",", ":"), ensure_ascii=False)


@given(st.sampled_from([COUCHDB, ONE_LINE]), st.lists(st.integers(0, 200), max_size=20))
def test_rows_are_the_same_however_the_text_is_cut(text: str, cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(text)]
    pieces = [text[start:end] for start, end in itertools.pairwise(places)]
    assert list(rows_of(pieces)) == ROWS


def test_an_answer_without_rows_has_none() -> None:
    assert list(rows_of(['{"total_rows":0,"rows":[]}'])) == []


def test_a_row_comes_before_the_next_one_has_arrived() -> None:
    def pieces():  # type: ignore[no-untyped-def]
        yield '{"rows":[{"key":1},{"ke'
        raise AssertionError("read further than needed")

    assert next(rows_of(pieces())) == {"key": 1}


@pytest.mark.parametrize("end", [0, 5, len(COUCHDB) - 6, len(COUCHDB) - 40])
def test_an_answer_that_ends_early_is_an_error(end: int) -> None:
    with pytest.raises(Unreachable):
        list(rows_of([COUCHDB[:end]]))


def test_memory_holds_a_piece_and_never_the_whole_answer() -> None:
    row = json.dumps({"id": "x" * 200, "value": 1})

    def pieces() -> Iterator[str]:
        yield '{"rows":['
        for _ in range(300):
            yield ",".join([row] * 100) + ","
        yield row + "]}"

    tracemalloc.start()
    try:
        assert sum(1 for _ in rows_of(pieces())) == 30_001  # 7 MB of text
        assert tracemalloc.get_traced_memory()[1] < 500_000
    finally:
        tracemalloc.stop()
