"""Design documents from files."""

import pytest

from couch.design_documents import DESIGNS, HASH_FIELD, design_document, load_design_document
from couch.errors import Fault


@pytest.mark.parametrize("name", sorted({name for names in DESIGNS.values() for name in names}))
def test_every_design_document_can_be_loaded(name: str) -> None:
    document = load_design_document(name)
    assert document["_id"] == f"_design/{name}"
    assert document["language"] == "javascript"
    for view in document.get("views", {}).values():
        assert "function" in view["map"]


def test_no_kind_of_database_has_two_validators() -> None:
    for names in DESIGNS.values():
        validators = [name for name in names if "validate_doc_update" in load_design_document(name)]
        assert len(validators) <= 1


def test_a_builtin_reduce_is_just_its_name() -> None:
    view = load_design_document("page")["views"]["amounts_by_day_meter"]
    assert view["reduce"] == "_stats"


def test_the_hash_follows_the_content() -> None:
    one = design_document("x", {"views": {"v": {"map": "a"}}})
    assert one[HASH_FIELD] == design_document("x", {"views": {"v": {"map": "a"}}})[HASH_FIELD]
    assert one[HASH_FIELD] != design_document("x", {"views": {"v": {"map": "b"}}})[HASH_FIELD]


def test_a_missing_design_document_is_a_fault() -> None:
    with pytest.raises(Fault, match="nothing"):
        load_design_document("nothing")
