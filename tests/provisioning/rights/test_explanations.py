"""Every field of every record that a copy can hold is explained in both languages."""

import dataclasses
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest

from couch.documents import fields
from couch.schemas import models
from couch.worker_progress import Progress
from provisioning.ca.record import CertificateRecord
from provisioning.enrolment_codes import CodeRecord
from provisioning.enrolment_store import Replacement, Return
from provisioning.rights.explanations import FIELDS, KINDS

CENTRE_ALONE = {"lease", "worker"}  # they speak of no household


def struct_fields(kind: Any) -> Iterator[str]:
    """The names of a struct's fields and of those inside it."""
    for field in msgspec.structs.fields(kind):
        if field.encode_name == "__extra__":
            continue
        yield field.encode_name
        yield from inner(field.type)


def inner(annotation: Any) -> Iterator[str]:
    if isinstance(annotation, type) and issubclass(annotation, fields.Fields):
        yield from struct_fields(annotation)
    for part in get_args(annotation):
        yield from inner(part)


@pytest.mark.parametrize("kind", sorted(set(models()) - CENTRE_ALONE))
def test_every_field_of_a_document_is_explained(kind: str) -> None:
    assert kind in KINDS
    assert set(struct_fields(models()[kind])) - set(FIELDS) == set()


@pytest.mark.parametrize("kind", [CertificateRecord, CodeRecord, Replacement, Return])
def test_every_field_of_the_authority_s_records_is_explained(kind: Any) -> None:
    assert {field.name for field in dataclasses.fields(kind)} - set(FIELDS) == set()


def test_every_field_of_the_worker_s_note_is_explained() -> None:
    assert set(Progress.__struct_fields__) - set(FIELDS) == set()


def test_every_explanation_says_something_in_both_languages() -> None:
    for words in [*FIELDS.values(), *KINDS.values()]:
        assert words.de.strip()
        assert words.en.strip()
