"""The REST API by a device with every scope: other households, other methods, other bodies."""

# ruff: noqa: E501 - a table: a row is read across

from attempt import Attempt

_STORE = "/household/meter/measurement"
_BODY = (
    '{"meter":"<meter>","slot":"2026-07-01T12:00:00Z","measured_at":"2026-07-01T12:00:05Z",'
    '"data":[{"obis":"0100010800ff","value":5,"scaler":-1,"unit":"Wh"}]}'
)


def _stores(tries: str, body: str, must: str) -> Attempt:
    return Attempt(tries=f"stores {tries}", method="POST", target=_STORE, body=body, must=must)


ATTEMPTS = (
    Attempt(tries="reads the measurements of another household's meter",
            target="/household/meter/<other_meter>/measurement", must="404 not-found"),
    Attempt(tries="reads the measurements of a meter that there is not",
            target="/household/meter/<checkpoint>/measurement", must="403 forbidden or 404"),
    Attempt(tries="reads the measurements of a meter with a range for its name",
            target="/household/meter/a%22..z/measurement", must="403 bad_target"),
    Attempt(tries="reads with a parameter that there is not", target="/account?household=<other>", must="400 bad-query"),
    Attempt(tries="reads another household by a parameter", target="/household?household=<other>", must="400 bad-query"),
    Attempt(tries="reads more than a page may hold", target="/household/meter/<meter>/measurement?limit=100000",
            must="400 bad-query"),
    _stores("a measurement of another household's meter", _BODY.replace("<meter>", "<other_meter>"), "404 unknown-meter"),
    _stores("a measurement in the name of another device",
            _BODY.replace('"meter"', '"device":"<other_device>","meter"', 1), "422 invalid"),
    _stores("a measurement with an id of its own", _BODY.replace('"meter"', '"_id":"registration","meter"', 1), "422 invalid"),
    _stores("a number beyond all numbers", _BODY.replace('"value":5', f'"value":{"9" * 400}'), "422 or 400"),
    _stores("a measurement between slots", _BODY.replace("12:00:00Z", "12:03:00Z"), "422 invalid or 403 rules-refused"),
    _stores("other content in a slot that is taken", _BODY.replace("2026-07-01T12:00", "2026-06-30T12:00"),
            "409 measurement-differs"),
    _stores("a body that is no JSON", "{", "400 malformed"),
    Attempt(tries="stores a measurement as a form", method="POST", target=_STORE, body="meter=<meter>",
            headers=("Content-Type: application/x-www-form-urlencoded",), must="415 unsupported-media-type"),
    Attempt(tries="grants what was revoked", who="withdrawn", method="POST", target="/household/consent",
            must="409 consent"),
    Attempt(tries="grants twice", method="POST", target="/household/consent", must="409 consent-stands"),
    Attempt(tries="changes the household", method="PUT", target="/household", body="{}", must="403 forbidden"),
    Attempt(tries="deletes its account", method="DELETE", target="/account", must="403 forbidden"),
    Attempt(tries="reads the management list through the devices' door", target="/management/household",
            must="403 forbidden"),
    Attempt(tries="at the pages, reads the management list without signing in", to="pages",
            target="/management/household", must="401 sign-in-required"),
    Attempt(tries="at the pages, reads the account without a certificate", to="pages", target="/account",
            must="401 certificate-required"),
)  # fmt: skip
