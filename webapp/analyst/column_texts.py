"""The values of a column as texts, whole columns at a time: what rows of CSV and JSON are joined from. Pure.

Texts are looked at once for each different value: pseudonyms, codes and times repeat themselves.
"""

import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

LIST_SEPARATOR = " "  # between the texts of a list in CSV
# The signs with which spreadsheets begin formulas; a unit or mark must not become one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_QUOTED = ('"', ",", "\r", "\n")
_CARE_IN_CSV = '^[=+\\-@\t\r]|[",\r\n]'
_CARE_IN_JSON = '["\\\\\\x00-\\x1f]'


def csv_texts(column: pa.Array) -> pa.Array:
    """Without nulls: what is missing is empty, as an empty list is."""
    kind = column.type
    if pa.types.is_list(kind):
        column = pc.binary_join(column, LIST_SEPARATOR)
        kind = pa.string()
    texts = _replaced(column, _CARE_IN_CSV, _csv_text) if pa.types.is_string(kind) else _plain(column)
    return _filled(texts, "")


def json_texts(column: pa.Array) -> tuple[pa.Array, str]:
    """Without nulls, and what is to stand before and behind each: a quotation mark or nothing."""
    kind = column.type
    if pa.types.is_list(kind):
        return _json_lists(column), ""
    if pa.types.is_string(kind):
        texts = _replaced(column, _CARE_IN_JSON, lambda text: json.dumps(text, ensure_ascii=False)[1:-1])
    elif pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        texts = _plain(column)
    else:
        return _filled(_plain(column), "null"), ""
    if texts.null_count:
        return _filled(pc.binary_join_element_wise('"', texts, '"', ""), "null"), ""
    return texts, '"'


def _json_lists(column: pa.Array) -> pa.Array:
    values = pc.list_flatten(column)
    if len(values) == 0:
        return pa.repeat("[]", len(column))
    inner, mark = json_texts(values)
    quoted = pc.binary_join_element_wise(mark, inner, mark, "")
    lists = pa.ListArray.from_arrays(_offsets(column), quoted)
    return pc.binary_join_element_wise("[", pc.binary_join(lists, ","), "]", "")


def _offsets(column: pa.Array) -> pa.Array:
    """Where each list begins in the flattened values, from 0 on, whatever the column was cut from."""
    lengths = pc.fill_null(pc.list_value_length(column), 0)
    ends = pc.cumulative_sum(lengths).cast(pa.int32())
    return pa.concat_arrays([pa.array([0], pa.int32()), ends])


def _plain(column: pa.Array) -> pa.Array:
    """Numbers, times and truth values, which need no care; nulls stay."""
    if pa.types.is_timestamp(column.type):
        coded = pc.dictionary_encode(column)
        # Without its zone, in which a cast would look up each of them: they are all UTC.
        texts = coded.dictionary.cast(pa.timestamp("s")).cast(pa.string())
        days, times = (pc.utf8_slice_codeunits(texts, start, stop) for start, stop in ((0, 10), (11, 19)))
        return pc.binary_join_element_wise(days, "T", times, "Z", "").take(coded.indices)
    if pa.types.is_decimal(column.type):
        return _decimal_texts(column)
    return pc.cast(column, pa.string())


def _decimal_texts(column: pa.Array) -> pa.Array:
    """All places of decimals that are not negative and of at most 18 digits: 0.00000001, not 1E-8."""
    places = column.type.scale
    digits = pa.Array.from_buffers(
        pa.decimal128(18, 0), len(column), column.buffers(), column.null_count, column.offset
    ).cast(pa.int64())
    whole = pc.divide(digits, 10**places)
    rest = pc.subtract(digits, pc.multiply(whole, 10**places))
    padded = pc.utf8_lpad(rest.cast(pa.string()), width=places, padding="0")
    return pc.binary_join_element_wise(whole.cast(pa.string()), padded, ".")


def _replaced(column: pa.Array, pattern: str, change: Callable[[str], str]) -> pa.Array:
    """`change` done to the texts that match."""
    coded = pc.dictionary_encode(column)
    found = pc.match_substring_regex(coded.dictionary, pattern)
    if not pc.any(found).as_py():
        return column
    texts: list[Any] = [
        change(text) if matches else text
        for text, matches in zip(coded.dictionary.to_pylist(), found.to_pylist(), strict=True)
    ]
    return pa.array(texts, pa.string()).take(coded.indices)


def _filled(texts: pa.Array, missing: str) -> pa.Array:
    return pc.fill_null(texts, missing) if texts.null_count else texts


def _csv_text(text: str) -> str:
    harmless = f"'{text}" if text.startswith(_FORMULA) else text
    return '"' + harmless.replace('"', '""') + '"' if any(each in harmless for each in _QUOTED) else harmless
