"""What is measured and why: every field that this device may hold is explained."""

from collections.abc import Iterator
from typing import Any, get_args, get_origin

import msgspec
import pytest

from couch import documents
from couch.documents import Document, Fields
from webapp.participant.own_data import FILES
from webapp.participant.record_words import KINDS, Kind

# Of the household's own database, the centre's alone: the device PUTs it there.
NOT_HERE = {"erased"}
_NAMELESS = {"type", "rev", "extra"}


def models() -> dict[str, type[Document]]:
    """The types of a household's database, by their name."""
    from couch.documents import consent, household, readings  # noqa: PLC0415

    found = {}
    for module in (consent, household, readings):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Document) and value is not Document:
                found[str(value.__struct_config__.tag)] = value
    return found


def paths(model: type[Fields], before: str = "") -> Iterator[str]:
    for field in msgspec.structs.fields(model):
        if field.name in _NAMELESS:
            continue
        yield before + field.encode_name
        inner, is_list = _inner(field.type)
        if inner is not None:
            yield from paths(inner, f"{before}{field.encode_name}{'[]' if is_list else ''}.")


def _inner(annotation: Any) -> tuple[type[Fields] | None, bool]:
    if isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, Fields):
        return annotation, False
    for part in get_args(annotation):
        found, _ = _inner(part)
        if found is not None:
            return found, get_origin(annotation) is tuple or _inner(part)[1]
    return None, False


def test_every_kind_of_record_is_explained_and_has_its_file() -> None:
    assert {kind.type for kind in KINDS} == set(models()) - NOT_HERE
    assert set(FILES) == {kind.type for kind in KINDS}
    assert hasattr(documents, "Measurement")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_every_field_is_explained_and_no_other(kind: Kind) -> None:
    assert set(kind.fields) == set(paths(models()[kind.type]))


def test_the_page_tells_each_of_them(device: Any) -> None:
    page = device.participant().get("/data").text
    for kind in KINDS:
        assert kind.title in page
        assert all(f'<code class="code">{name}</code>' in page for name in kind.fields)
    assert "in the letter that came with the device" in page
