"""Bodies that name what the address must not: foreign documents, forged histories, reserved ids.

The door does not read bodies; the database's members and validators hold here, and the state shows it.
"""

# ruff: noqa: E501 - a table: a row is read across

from attempt import Attempt
from attempts_scopes import MEASUREMENT_DOCUMENT

_BULK = "/household-<own>/_bulk_docs"


def _pushes(tries: str, document: str, must: str = "201 forbidden", more: str = "") -> Attempt:
    return Attempt(
        tries=f"pushes {tries}",
        method="POST",
        target=_BULK,
        body=f'{{"docs":[{document}]{more}}}',
        must=must,
    )


_FORGED = ',"new_edits":false'
_HISTORY = '"_rev":"99-ffffffffffffffffffffffffffffffff","_revisions":{"start":99,"ids":["ffffffffffffffffffffffffffffffff","eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"]}'
_CONSENT = '"type":"consent","state":"granted","at":"2026-07-01T12:00:00Z","by":{"role":"participant","device":"<device>"}'

ATTEMPTS = (
    _pushes("a measurement of another household's device", MEASUREMENT_DOCUMENT.replace("<device>", "<other_device>")),
    _pushes("a measurement whose id names another meter",
            MEASUREMENT_DOCUMENT.replace('"meter":"<meter>"', '"meter":"<other_meter>"')),
    _pushes("a measurement with an empty reading", MEASUREMENT_DOCUMENT.replace(
        '[{"obis":"0100010800ff","value":5,"scaler":-1,"unit":"Wh"}]', "[]")),
    _pushes("the deletion of a measurement",
            '{"_id":"measurement:<meter>:2026-06-30T12:00:00Z","_deleted":true,'
            '"_rev":"2-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","_revisions":{"start":2,"ids":["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"]}}',
            "201 forbidden", _FORGED),
    _pushes("a registration", '{"_id":"registration","type":"registration","contact":{"name":"Eve"}}',
            "201 forbidden or 201 conflict"),
    _pushes("a meter", '{"_id":"meter:<checkpoint>","type":"meter","meter":"<checkpoint>"}'),
    _pushes("an order to a device", '{"_id":"order:<checkpoint>","type":"order","order":"<checkpoint>"}'),
    _pushes("a confirmation of an erasure that nobody asked for",
            '{"_id":"erased:<device>","type":"erased","device":"<device>","at":"2026-07-01T12:00:00Z"}'),
    _pushes("another device's heartbeat", '{"_id":"heartbeat:<other_device>","type":"heartbeat","device":"<other_device>"}'),
    _pushes("a heartbeat under another's id", '{"_id":"heartbeat:<other_device>","type":"heartbeat","device":"<device>"}'),
    _pushes("a forged consent of generation 99", f'{{"_id":"consent:granted",{_CONSENT},{_HISTORY}}}',
            "201 forbidden", _FORGED),
    _pushes("the deletion of a consent", f'{{"_id":"consent:granted","_deleted":true,{_HISTORY}}}',
            "201 forbidden", _FORGED),
    _pushes("a consent under another's id", f'{{"_id":"consent:revoked",{_CONSENT}}}'),
    _pushes("a consent with a name in it", f'{{"_id":"consent:revoked",{_CONSENT},"name":"Eve"}}'),
    _pushes("a consent as a researcher", '{"_id":"consent:revoked","type":"consent","state":"revoked","at":"2026-07-01T12:00:00Z","by":{"role":"eve"}}'),
    _pushes("a design document", '{"_id":"_design/evil","validate_doc_update":"function(){}"}', "201 forbidden or 201 unauthorized or 403 or 401"),
    _pushes("a forged design document", '{"_id":"_design/rules","validate_doc_update":"function(){}","_rev":"9-a","_revisions":{"start":9,"ids":["a"]}}',
            "201 forbidden or 201 unauthorized or 403 or 401 or 400", _FORGED),
    _pushes("a document of a reserved id", '{"_id":"_security","admins":{}}', "400 or 201 doc_validation or 201 forbidden"),
    _pushes("a document of no known type", '{"_id":"evil:1","type":"evil"}'),
    _pushes("a document named like a property", '{"_id":"__proto__:1","type":"__proto__"}', "201 forbidden or 400"),
    _pushes("a document named like a function", '{"_id":"constructor:1","type":"constructor"}'),
    _pushes("a document with a reserved field", '{"_id":"report:<checkpoint>","type":"report","report":"<checkpoint>","_admin":true}',
            "400 or 201 doc_validation or 201 forbidden"),
    _pushes("a document with an id named twice", '{"_id":"report:<checkpoint>","_id":"registration","type":"report","report":"<checkpoint>"}',
            "201 forbidden or 400 or 201 conflict"),
    Attempt(tries="reads foreign documents in bulk", method="POST",
            target="/household-<own>/_bulk_get?revs=true",
            body='{"docs":[{"id":"../household-<other>/registration"},{"id":"/household-<other>/registration"},{"id":"household-<other>"}]}',
            must="200"),
    Attempt(tries="follows foreign documents", method="POST",
            target="/household-<own>/_changes?filter=_doc_ids&feed=normal",
            body='{"doc_ids":["../household-<other>/registration"],"db":"household-<other>"}', must="200"),
    Attempt(tries="has another household replicated into its own", method="POST", target="/_replicate",
            body='{"source":"household-<other>","target":"household-<own>"}', must="403 forbidden"),
    Attempt(tries="has another household replicated to a host outside", method="POST", target="/_replicate",
            body='{"source":"http://admin:<admin_password>@127.0.0.1:5984/household-<other>","target":"http://evil.example.org/x"}',
            must="403 forbidden"),
    Attempt(tries="writes a replication document with credentials", method="PUT", target="/_replicator/steal",
            body='{"source":{"url":"http://127.0.0.1/household-<other>","auth":{"basic":{"username":"admin","password":"<admin_password>"}}},"target":"household-<own>"}',
            must="403 forbidden"),
    Attempt(tries="searches in another household", method="POST", target="/household-<other>/_find",
            body='{"selector":{"_id":{"$gt":null}}}', must="403 forbidden"),
    Attempt(tries="searches everything in its own", method="POST", target="/household-<own>/_find",
            body='{"selector":{"_id":{"$gt":null}}}', must="403 forbidden"),
    Attempt(tries="signs in at the database as its administrator", method="POST", target="/_session",
            body='{"name":"admin","password":"<admin_password>"}', must="403 forbidden"),
    Attempt(tries="signs in at the database by a form", method="POST", target="/_session",
            headers=("Content-Type: application/x-www-form-urlencoded",), body="name=admin&password=<admin_password>",
            must="403 forbidden"),
    Attempt(tries="puts a heartbeat that says it is another's", method="PUT",
            target="/household-<own>/heartbeat:<device>",
            body='{"type":"heartbeat","device":"<other_device>","at":"2026-07-01T12:00:00Z"}', must="403 forbidden"),
    Attempt(tries="puts a consent in place of a heartbeat", method="PUT", target="/household-<own>/heartbeat:<device>",
            body=f'{{"_id":"consent:revoked",{_CONSENT}}}', must="403 forbidden or 400"),
    Attempt(tries="puts a confirmation of an erasure that nobody asked for", method="PUT",
            target="/household-<own>/erased:<device>",
            body='{"type":"erased","device":"<device>","at":"2026-07-01T12:00:00Z"}', must="403 forbidden"),
    Attempt(tries="sends a body that is no JSON", method="POST", target=_BULK, body='{"docs":[', must="400"),
    Attempt(tries="nests 100,000 lists", method="POST", target=_BULK, body='{"docs":' + "[" * 100_000, must="400"),
    Attempt(tries="sends a compressed body", method="POST", target=_BULK, headers=("Content-Encoding: gzip",),
            body="\x1f\x8b\x08", must="400"),
)  # fmt: skip
