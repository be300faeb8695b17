"""With a certificate that lacks a scope: nothing that the scope opens, by replication or by REST."""

# ruff: noqa: E501 - a table: a row is read across

from attempt import Attempt

_LISTING = "/household-<own>/_all_docs?start_key=%22meter%3A%22&end_key=%22meter%3A%EF%BF%B0%22&limit=9"
_ONE = "?revs=true&open_revs=%5B%22<revision>%22%5D&latest=true"
_MEASUREMENT = (
    '{"meter":"<meter>","slot":"2026-07-01T12:00:00Z","measured_at":"2026-07-01T12:00:05Z",'
    '"data":[{"obis":"0100010800ff","value":5,"scaler":-1,"unit":"Wh"}]}'
)
MEASUREMENT_DOCUMENT = (
    '{"_id":"measurement:<meter>:2026-07-01T12:00:00Z","type":"measurement","meter":"<meter>",'
    '"slot":"2026-07-01T12:00:00Z","measured_at":"2026-07-01T12:00:05Z","device":"<device>",'
    '"data":[{"obis":"0100010800ff","value":5,"scaler":-1,"unit":"Wh"}],"time":{"source":"synchronized"}}'
)
_CONSENT_DOCUMENT = (
    '{"_id":"consent:revoked","type":"consent","state":"revoked","at":"2026-07-01T12:00:00Z",'
    '"by":{"role":"participant","device":"<device>"}}'
)


def _lacks(scope: str, what: str, method: str, target: str, body: str = "") -> Attempt:
    return Attempt(
        tries=f"without the scope {scope}, {what}",
        who=f"without_{scope.replace('-', '_')}",
        method=method,
        target=target,
        body=body,
        must="403 scope_missing",
    )


def _own(path: str) -> str:
    return f"/household-<own>{path}"


ATTEMPTS = (
    _lacks("account", "reads who stands behind the household", "GET", "/account"),
    _lacks("account", "reads the registration's revision", "GET", _own("/registration") + _ONE),
    _lacks("account", "reads documents in bulk", "POST", _own("/_bulk_get"), '{"docs":[{"id":"registration"}]}'),
    _lacks("household", "reads the household", "GET", "/household"),
    _lacks("household", "lists devices", "GET", "/household/measurement_device"),
    _lacks("household", "lists meters", "GET", "/household/meter"),
    _lacks("household", "lists systems", "GET", "/household/pv_system"),
    _lacks("household", "lists meters by id", "GET", _LISTING),
    _lacks("household", "follows changes", "POST", _own("/_changes?filter=_doc_ids&feed=normal"),
           '{"doc_ids":["registration"]}'),
    _lacks("household", "reads the location's revision", "GET", _own("/location") + _ONE),
    _lacks("household", "reads documents in bulk", "POST", _own("/_bulk_get"), '{"docs":[{"id":"location"}]}'),
    _lacks("consent", "grants", "POST", "/household/consent"),
    _lacks("consent", "revokes", "DELETE", "/household/consent"),
    _lacks("consent", "reads the consent's revision", "GET", _own("/consent%3Agranted") + _ONE),
    _lacks("measurement-read", "reads measurements", "GET", "/household/meter/<meter>/measurement"),
    _lacks("measurement-read", "reads documents in bulk", "POST", _own("/_bulk_get"), '{"docs":[]}'),
    _lacks("measurement-write", "stores a measurement", "POST", "/household/meter/measurement", _MEASUREMENT),
    Attempt(tries="without a scope that writes, pushes", who="reading_only", method="POST",
            target=_own("/_bulk_docs"), body='{"docs":[]}', must="403 scope_missing"),
    Attempt(tries="without a scope that writes, asks what is missing", who="reading_only", method="POST",
            target=_own("/_revs_diff"), body="{}", must="403 scope_missing"),
    Attempt(tries="without the scope measurement-write, pushes a measurement", who="without_measurement_write",
            method="POST", target=_own("/_bulk_docs"), body=f'{{"docs":[{MEASUREMENT_DOCUMENT}]}}',
            must="201 forbidden"),
    Attempt(tries="without the scope consent, pushes a revocation", who="without_consent", method="POST",
            target=_own("/_bulk_docs"), body=f'{{"docs":[{_CONSENT_DOCUMENT}]}}', must="201 forbidden"),
    Attempt(tries="after the revocation, stores a measurement", who="withdrawn", method="POST",
            target="/household/meter/measurement",
            body=_MEASUREMENT.replace("<meter>", "<withdrawn_meter>"), must="403 consent"),
    Attempt(tries="after the revocation, pushes a measurement", who="withdrawn", method="POST",
            target="/household-<withdrawn>/_bulk_docs",
            body=f'{{"docs":[{MEASUREMENT_DOCUMENT}]}}'.replace("<meter>", "<withdrawn_meter>").replace(
                "<device>", "<withdrawn_device>"), must="201 forbidden"),
    Attempt(tries="before the grant, stores a measurement", who="waiting", method="POST",
            target="/household/meter/measurement",
            body=_MEASUREMENT.replace("<meter>", "<waiting_meter>"), must="409 consent-not-granted"),
    Attempt(tries="before the grant, pushes a measurement", who="waiting", method="POST",
            target="/household-<waiting>/_bulk_docs",
            body=f'{{"docs":[{MEASUREMENT_DOCUMENT}]}}'.replace("<meter>", "<waiting_meter>").replace(
                "<device>", "<waiting_device>"), must="201 forbidden"),
)  # fmt: skip
