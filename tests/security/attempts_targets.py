"""Request targets in other forms than the plain one: two readers might read them in two ways."""

# ruff: noqa: E501 - a table: a row is read across

from attempt import Attempt

_OWN, _OTHER = "/household-<own>", "household-<other>"
_BAD = "403 bad_target"
_EITHER = "403 bad_target or 400"

# what it tries, the target, what must come back, what nginx answers where it does not ask the gateway
_ROWS = (
    ("encodes a slash in its database's name", "/household-<own>%2F_security", _BAD, ""),
    ("encodes slashes towards another household", f"{_OWN}%2F..%2F{_OTHER}/_security", _BAD, ""),
    ("encodes the slash of the path's beginning", f"/%2F{_OTHER}/_security", _BAD, ""),
    ("encodes a slash in small letters", "/household-<own>%2f_all_docs", _BAD, ""),
    ("climbs by dot segments", f"{_OWN}/../{_OTHER}/_security", _BAD, ""),
    ("climbs by encoded dots", f"{_OWN}/%2e%2e/{_OTHER}/_security", _BAD, ""),
    ("climbs by half-encoded dots", f"{_OWN}/.%2E/{_OTHER}/_security", _BAD, ""),
    ("climbs by dots encoded twice", f"{_OWN}/%252e%252e/{_OTHER}/_security", _BAD, ""),
    ("climbs by dots and a parameter", f"{_OWN}/..;/{_OTHER}/_security", _BAD, ""),
    ("climbs above the root", f"/../../{_OTHER}/_security", _EITHER, "400"),
    ("stays by a dot segment", f"{_OWN}/./_security", _BAD, ""),
    ("encodes a slash twice", f"{_OWN}%252F_all_docs", _BAD, ""),
    ("encodes a letter", "/%68ousehold-<own>/_all_docs", _BAD, ""),
    ("encodes an underscore", f"{_OWN}/%5Fall_docs", _BAD, ""),
    ("encodes overlong dots", f"{_OWN}/%c0%ae%c0%ae/{_OTHER}/_security", _BAD, ""),
    ("encodes an overlong slash", f"{_OWN}%c0%af_all_docs", _BAD, ""),
    ("encodes by %u", f"{_OWN}/%u002e%u002e/{_OTHER}", _EITHER, "400"),
    ("writes backslashes", f"{_OWN}\\..\\{_OTHER}\\_security", _EITHER, ""),
    ("encodes backslashes", f"{_OWN}/..%5c{_OTHER}", _BAD, ""),
    ("encodes a null byte", f"{_OWN}/_security%00/x", _EITHER, "400"),
    ("encodes a line break", f"{_OWN}/_security%0d%0aX-Injected:1", _BAD, ""),
    ("doubles the first slash", f"//{_OTHER}/_security", _BAD, ""),
    ("doubles a slash inside", f"{_OWN}//_all_docs", _BAD, ""),
    ("ends with a dot", f"{_OWN}./_security", "403 forbidden or 403 bad_target", ""),
    ("ends with an encoded space", f"{_OWN}%20/_security", _BAD, ""),
    ("ends with a slash after a document", f"{_OWN}/_security/", "403 forbidden", ""),
    ("writes the database's name in capitals", "/HOUSEHOLD-<own>/_security", "403 forbidden", ""),
    ("writes the path in capitals", f"{_OWN}/_SECURITY", "403 forbidden", ""),
    ("adds a fragment", f"{_OWN}/_security#/../{_OTHER}", _EITHER, ""),
    ("adds a parameter to the path", f"{_OWN};x=1/_security", _BAD, ""),
    ("gives an absolute address of another host", f"http://127.0.0.1/{_OTHER}/_security", _EITHER, "421 or 400"),
    ("gives an absolute address of this host", f"https://<host>/{_OTHER}/_security", _EITHER, "400"),
    ("gives an absolute address with credentials", "http://admin:<admin_password>@localhost/_all_dbs", _EITHER, "400"),
    ("gives a target without a slash", f"{_OTHER}/_security", _EITHER, "400"),
    ("asks for the whole server", "*", _EITHER, "400"),
    ("writes letters beyond ASCII", f"{_OWN}/\xe4\xff", _EITHER, ""),
    ("repeats a key of the query",
     f"{_OWN}/_all_docs?limit=9&limit=99999&start_key=%22meter%3A%22&end_key=%22meter%3A%EF%BF%B0%22", _BAD, ""),
    ("adds a key to the query", f"{_OWN}/_security?rev=1-a", "403 bad_query", ""),
    ("encodes a key of the query", f"{_OWN}/_all_docs?start%5fkey=%22meter%3A%22", _BAD, ""),
    ("widens the range that it lists",
     f"{_OWN}/_all_docs?start_key=%22a%22&end_key=%22z%22&limit=9", "403 bad_query", ""),
    ("lists with contents",
     f"{_OWN}/_all_docs?start_key=%22meter%3A%22&end_key=%22meter%3A%EF%BF%B0%22&limit=9&include_docs=true",
     "403 bad_query", ""),
    ("ends the query's string early",
     f"{_OWN}/_all_docs?start_key=%22meter%3A%22%2C%22a%22&end_key=%22meter%3A%EF%BF%B0%22&limit=9",
     "403 bad_query", ""),
    ("encodes the query twice", f"{_OWN}/_all_docs?start_key=%2522meter%253A%2522", _BAD, ""),
    ("separates the query by a semicolon", f"{_OWN}/_bulk_get?revs=true;attachments=true", _BAD, ""),
    ("leaves the query empty", f"{_OWN}/_security?", _BAD, ""),
    ("asks for the document of another kind by open_revs",
     f"{_OWN}/measurement%3A<meter>%3A2026-06-30T12%3A00%3A00Z?open_revs=%5B%22<revision>%22%5D",
     "403 forbidden", ""),
    ("asks for all revisions", f"{_OWN}/registration?open_revs=all", "403 bad_query", ""),
)  # fmt: skip

ATTEMPTS = (
    *(
        Attempt(tries=f"in the target: {what}", target=target, must=must, nginx=nginx)
        for what, target, must, nginx in _ROWS
    ),
    Attempt(tries="in the target: writes a null byte", raw=f"GET {_OWN}/_security\0 HTTP/1.1\r\nHost: <host>\r\n\r\n", must="400"),
    Attempt(tries="in the target: writes a space", raw=f"GET {_OWN}/_sec urity HTTP/1.1\r\nHost: <host>\r\nConnection: close\r\n\r\n",
            must="400 or 403 bad_target"),
    Attempt(tries="in the target: writes a tab", raw=f"GET {_OWN}/_security\tx HTTP/1.1\r\nHost: <host>\r\nConnection: close\r\n\r\n",
            must="400 or 403 bad_target"),
    Attempt(tries="in the target: writes 9,000 characters", target=f"{_OWN}/{'a' * 9000}", must="400 or 414 or 403 bad_target"),
)  # fmt: skip
