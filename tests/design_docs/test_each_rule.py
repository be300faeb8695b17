"""Each rule of docs/validator-rules.md, broken once: the refusal names the field and the rule."""

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode finds no neighbours by itself
import rule_table
from rule_samples import DEVICE, DOCUMENTS, FORGED, HOUSEHOLD, MALFORMED, METER, ONCE, OTHER, ROLES, without

RULES = rule_table.rules()
WRITERS = {
    **dict.fromkeys(("registration", "location", "pv_system", "meter", "device", "order"), "worker"),
    **dict.fromkeys(("measurement", "gap", "answer"), "agent"),
    **dict.fromkeys(("grant", "revocation", "report"), "page"),
    **dict.fromkeys(("heartbeat", "erased"), "device"),
}
JUNK: list[Any] = [[], {}, "", "x" * 5000, "A b", -1, -1000, 1e9, 1.5, True, [DEVICE], ["x"], {"name": "x"}]
FIELDS = [
    pytest.param(name, field, form["rule"], id=f"{name}-{field}")
    for name in WRITERS
    for field, form in RULES[DOCUMENTS[name]["type"]]["fields"].items()
]


def test_every_type_has_an_account_here_that_may_write_it(validate: Any) -> None:
    assert {DOCUMENTS[name]["type"] for name in WRITERS} == set(RULES)
    for name, who in WRITERS.items():
        assert validate(DOCUMENTS[name], ROLES[who], "granted", name == "erased") is None


@pytest.mark.parametrize(("name", "field", "rule"), FIELDS)
def test_a_field_of_another_form_is_refused_by_name(name: str, field: str, rule: str, validate: Any) -> None:
    def reason(value: Any) -> str | None:
        return validate(without(name, **{field: value}), ROLES[WRITERS[name]], "granted", name == "erased")

    kind = DOCUMENTS[name]["type"]
    refused = [why for why in map(reason, JUNK) if why is not None]
    # whoever names another device than its own is told so first
    assert f"{kind} {field}: {rule}" in refused or set(refused) == {
        f"{kind} device: only the device itself may write this"
    }
    assert (reason(None) is None) == rule.endswith("or nothing")


@pytest.mark.parametrize("name", WRITERS)
def test_what_holds_for_every_type(name: str, validate: Any) -> None:
    doc, roles, kind = DOCUMENTS[name], ROLES[WRITERS[name]], DOCUMENTS[name]["type"]
    rule = RULES[kind]

    def reason(doc: dict[str, Any], old: dict[str, Any] | None = None) -> str | None:
        return validate(doc, roles, "granted", kind == "erased", old)

    attachment = {"name": {"stub": True, "content_type": "text/plain", "length": 1, "revpos": 1}}
    assert reason({**doc, "_attachments": attachment}) == f"{kind} _attachments: no attachment belongs here"
    assert reason({**doc, "_attachments": {}}) == f"{kind} _attachments: no attachment belongs here"
    assert reason({**doc, "type": "x"}) == f"{kind} type: does not match the _id"
    assert (
        reason({**doc, "later": "x" * rule["size"]}) == f"{kind} document: at most {rule['size']} characters"
    )
    assert reason({**doc, "_id": f"{kind}:x"}) == f"{kind} _id: does not match the content"
    later = reason({**doc, "later": 1})
    assert later == (f"{kind} document: no other field belongs here" if rule.get("closed") else None)
    old = {**doc, "_rev": "1-a"}
    edited, forged = reason({**doc, "_rev": "1-a"}, old), reason({**doc, "_revisions": FORGED})
    once = f"{kind} _rev: written once, never changed" if rule.get("once") else None
    assert (edited, forged) == (once, once)
    tombstone = {"_id": doc["_id"], "_rev": "1-a", "_deleted": True, "_revisions": ONCE}
    assert (reason(tombstone) is None) == (WRITERS[name] in rule.get("deleters", ()))


def test_rules_over_several_fields_are_named_too(validate: Any) -> None:
    broken = [
        (without("gap", to_slot="2025-07-01T12:00:00Z"), "agent"),
        (without("grant", by={"role": "researcher"}), "page"),
        (DOCUMENTS["revocation"], "researcher"),
    ]
    refused = [validate(doc, ROLES[who]) for doc, who in broken]
    named = [
        f"{kind} {also['field']}: {also['rule']}"
        for kind, rule in RULES.items()
        for also in rule.get("also", ())
    ]
    assert refused == named


@pytest.mark.parametrize("row", MALFORMED, ids=[row[0] for row in MALFORMED])
def test_an_old_document_never_opens_anything(row: Any, validate: Any) -> None:
    """Under replication it can be forged, stale or missing."""
    _, doc, who = row
    for old in DOCUMENTS.values():
        assert validate(doc, ROLES[who], old={**old, "_id": doc["_id"]}) is not None


def test_no_refusal_repeats_what_the_document_says(validate: Any) -> None:
    for _, doc, who in MALFORMED:
        for consent in ("granted", "revoked"):
            reason = validate({**doc, "remark": "Ada Lovelace"}, ROLES[who], consent)
            assert reason is not None
            assert not any(value in reason for value in (HOUSEHOLD, DEVICE, OTHER, METER, "Ada"))


def test_the_page_about_the_rules_is_true() -> None:
    stands = rule_table.FILE.read_text(encoding="utf-8")
    assert stands == rule_table.text(), "run: python tests/design_docs/rule_table.py"
