r"""Headers that two readers might read in two ways, and headers that claim an identity.

The smuggling rows hide a second request in the first one's body (RFC 9112, 11.2): what must come back is one
refusal, and the end of the connection.
"""

# ruff: noqa: E501 - a table: a row is read across

from attempt import Attempt
from attempts_scopes import MEASUREMENT_DOCUMENT

_OWN = "/household-<own>"
_HOST = "Host: <host>\r\n"
HIDDEN = "GET /household-<other>/_security HTTP/1.1\r\nHost: <host>\r\nConnection: close\r\n\r\n"
_DIFF = f"POST {_OWN}/_revs_diff HTTP/1.1\r\n{_HOST}Content-Type: application/json\r\n"


def _smuggle(tries: str, headers: str, body: str, must: str = "400", nginx: str = "") -> Attempt:
    return Attempt(tries=tries, raw=f"{_DIFF}{headers}\r\n{body}", must=must, nginx=nginx)


def _mangled(tries: str, lines: str, must: str = "400", nginx: str = "") -> Attempt:
    raw = f"GET {_OWN}/_security HTTP/1.1\r\n{lines}Connection: close\r\n\r\n"
    return Attempt(tries=tries, raw=raw, must=must, nginx=nginx)


_SMUGGLING = (
    _smuggle("says length and chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
             f"0\r\n\r\n{HIDDEN}"),
    _smuggle("says chunks and length", "Transfer-Encoding: chunked\r\nContent-Length: 120\r\n",
             f"0\r\n\r\n{HIDDEN}"),
    _smuggle("says two lengths", "Content-Length: 2\r\nContent-Length: 100\r\n", f"{{}}{HIDDEN}"),
    _smuggle("says the same length twice", "Content-Length: 2\r\nContent-Length: 2\r\n", f"{{}}{HIDDEN}"),
    _smuggle("says two lengths in one line", "Content-Length: 2, 100\r\n", f"{{}}{HIDDEN}"),
    _smuggle("says a length with a sign", "Content-Length: +2\r\n", f"{{}}{HIDDEN}"),
    _smuggle("says a negative length", "Content-Length: -2\r\n", f"{{}}{HIDDEN}"),
    _smuggle("says a length in hexadecimal", "Content-Length: 0x2\r\n", f"{{}}{HIDDEN}"),
    _smuggle("says a length beyond all numbers", "Content-Length: 99999999999999999999999\r\n", "{}", "400 or 413"),
    _smuggle("says chunks twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
             f"0\r\n\r\n{HIDDEN}", "400 or 501"),
    _smuggle("says chunks and then nothing", "Transfer-Encoding: chunked, identity\r\n", f"0\r\n\r\n{HIDDEN}",
             "400 or 501"),
    _smuggle("says chunks by another name", "Transfer-Encoding: xchunked\r\n", f"0\r\n\r\n{HIDDEN}",
             "400 or 501"),
    _smuggle("says chunks behind a tab", "Transfer-Encoding:\tchunked\r\nContent-Length: 5\r\n",
             f"0\r\n\r\n{HIDDEN}", "400 or 501"),
    _smuggle("puts a space before the colon", "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n",
             f"0\r\n\r\n{HIDDEN}"),
    _smuggle("folds a header", "Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n", f"0\r\n\r\n{HIDDEN}"),
    _smuggle("ends lines by a carriage return alone", "Content-Length: 2\rTransfer-Encoding: chunked\r\n",
             f"{{}}{HIDDEN}"),
    _smuggle("gives a chunk a size that is no number", "Transfer-Encoding: chunked\r\n", f"zz\r\n{{}}\r\n0\r\n\r\n{HIDDEN}"),
    _smuggle("gives a chunk a size beyond all numbers", "Transfer-Encoding: chunked\r\n",
             f"FFFFFFFFFFFFFFFFF2\r\n{{}}\r\n0\r\n\r\n{HIDDEN}", "400", "400 or 413"),
    _smuggle("ends a chunk's size by a line feed alone", "Transfer-Encoding: chunked\r\n",
             f"2\n{{}}\r\n0\r\n\r\n{HIDDEN}", "400",
             "200,403 forbidden"),  # nginx reads it as one body, and judges what follows by itself
)  # fmt: skip

_CONFLICTS = (
    _mangled("names two hosts", f"{_HOST}Host: evil.example.org\r\n"),
    _mangled("names the same host twice", f"{_HOST}{_HOST}"),
    _mangled("names a host with a path", "Host: <host>/household-<other>\r\n", "400 or 421"),
    _mangled("names a host with credentials", "Host: admin:pw@<host>\r\n", "400 or 421"),
    _mangled("names no host", "", "400"),
    _mangled("names another host than TLS did", "Host: evil.example.org\r\n", "421"),
    _mangled("names the database's own host", "Host: 127.0.0.1:5984\r\n", "421"),
    _mangled("folds a header over two lines", f"{_HOST}X-Folded: a\r\n b\r\n", "400", "200 or 400"),
    _mangled("writes a null byte in a header", f"{_HOST}X-Odd: a\0b\r\n"),
    _mangled("writes a null byte in a credential", f"{_HOST}Authorization: Bearer <token>\0\r\n"),
    _mangled("folds a credential", f"{_HOST}Authorization: Basic\r\n <admin>\r\n"),
    _mangled("writes a credential without a colon", f"{_HOST}Authorization Basic <admin>\r\n", "400", "200 or 400"),
    _mangled("writes a header without a name", f"{_HOST}: value\r\n"),
    _mangled("writes a header with a space in its name", f"{_HOST}X Odd: a\r\n"),
    _mangled("writes a line without a colon", f"{_HOST}nonsense\r\n", "400", "200 or 400"),
    _mangled("sends two If-Match", f'{_HOST}If-Match: "1-a"\r\nIf-Match: "2-b"\r\n', "400"),
    _mangled("sends two Content-Type", f"{_HOST}Content-Type: application/json\r\nContent-Type: text/plain\r\n",
             "400", "200 or 400"),
    _mangled("asks for a WebSocket", f"{_HOST}Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"),
    _mangled("asks for HTTP/2 in the clear", f"{_HOST}Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"),
    Attempt(tries="begins with HTTP/2", raw="PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", must="400 or shut"),
    Attempt(tries="speaks HTTP/0.9", raw=f"GET {_OWN}/_security\r\n\r\n", must="400 or 505 or shut",
            nginx="bare 421 or bare 400"),
    Attempt(tries="speaks HTTP/3.7", raw=f"GET {_OWN}/_security HTTP/3.7\r\n{_HOST}\r\n", must="400 or 505"),
    Attempt(tries="sends a body with GET that hides a request",
            raw=f"GET {_OWN}/_all_docs HTTP/1.1\r\n{_HOST}Content-Length: <hidden_length>\r\nConnection: close\r\n\r\n{HIDDEN}",
            must="403"),
)  # fmt: skip

_CLAIMS = (
    "X-Survey-Client-Cert: <certificate_of_other>",
    "X-Survey-Proxy-Secret: <proxy_secret>",
    "X-Survey-Target: /household-<other>/_security",
    "X-Survey-Method: GET",
    "X-Survey-Authorization: Bearer <token_of_other>",
    "Authorization: Bearer <token_of_other>",
)


def _claims(tries: str, *headers: str, who: str = "nobody", target: str = f"{_OWN}/_security", must: str = "401 certificate_missing", to: str = "devices", method: str = "GET") -> Attempt:  # fmt: skip
    return Attempt(tries=tries, who=who, target=target, headers=headers, must=must, to=to, method=method)


_IDENTITIES = (
    _claims("without a certificate, claims one in the door's own header",
            "X-Survey-Client-Cert: <certificate_of_device>"),
    _claims("without a certificate, claims one with the door's own secret",
            "X-Survey-Client-Cert: <certificate_of_device>", "X-Survey-Proxy-Secret: <proxy_secret>",
            target="/account"),
    _claims("without a certificate, claims one with underscores",
            "X_Survey_Client_Cert: <certificate_of_device>", "X_Survey_Proxy_Secret: <proxy_secret>",
            target="/account"),
    _claims("without a certificate, sends a token that holds", "Authorization: Bearer <token>"),
    _claims("without a certificate, sends the administrator's password", "Authorization: Basic <admin>",
            target="/_all_dbs"),
    _claims("without a certificate, claims a name by proxy headers", "X-Auth-CouchDB-UserName: admin",
            "X-Auth-CouchDB-Roles: _admin", "X-Auth-CouchDB-Token: 0", target="/_all_dbs"),
    _claims("without a certificate, sends a cookie", "Cookie: AuthSession=YWRtaW46NjhBQUFBQUE6AAAA"),
    _claims("without a certificate, claims another target for the question", *_CLAIMS,
            target="/household-<other>/_security"),
    _claims("with its certificate, asks for another household with every claim", *_CLAIMS, who="device",
            target="/household-<other>/_security", must="403 forbidden"),
    _claims("with its certificate, sends the administrator's password", "Authorization: Basic <admin>",
            who="device", target="/_all_dbs", must="403 forbidden"),
    _claims("with its certificate, asks to have the address rewritten",
            "X-Original-URL: /_all_dbs", "X-Rewrite-URL: /_all_dbs", "X-Forwarded-Host: evil.example.org",
            "X-Forwarded-Prefix: /household-<other>", who="device", target="/household-<other>/_security",
            must="403 forbidden"),
    _claims("overrides the method of a listing", "X-HTTP-Method-Override: DELETE", who="device", method="POST",
            target=_OWN, must="403 forbidden"),
    _claims("with two Authorization headers", "Authorization: Basic <admin>", "Authorization: Bearer <token>",
            who="device", target="/_all_dbs", must="403 forbidden or 400"),
    Attempt(tries="without the scope, pushes a measurement as the administrator", who="without_measurement_write",
            method="POST", target=f"{_OWN}/_bulk_docs", body=f'{{"docs":[{MEASUREMENT_DOCUMENT}]}}',
            headers=("Authorization: Basic <admin>",), must="201 forbidden"),
    Attempt(tries="without the scope, pushes a measurement with a token that has it",
            who="without_measurement_write", method="POST", target=f"{_OWN}/_bulk_docs",
            body=f'{{"docs":[{MEASUREMENT_DOCUMENT}]}}', headers=("Authorization: Bearer <token>",),
            must="201 forbidden"),
    Attempt(tries="without the scope, pushes a measurement with roles in proxy headers",
            who="without_measurement_write", method="POST", target=f"{_OWN}/_bulk_docs",
            body=f'{{"docs":[{MEASUREMENT_DOCUMENT}]}}',
            headers=("X-Auth-CouchDB-UserName: <device>", "X-Auth-CouchDB-Roles: scope:measurement-write,_admin"),
            must="201 forbidden"),
    Attempt(tries="overrides the method of a push", method="POST", target=f"{_OWN}/_bulk_docs",
            body='{"docs":[]}', headers=("X-HTTP-Method-Override: DELETE",), must="201"),
    _claims("at the pages, claims a certificate", "X-Survey-Client-Cert: <certificate_of_device>",
            target="/account", must="401 certificate-required", to="pages"),
    _claims("at the pages, claims a certificate with a guessed secret",
            "X-Survey-Client-Cert: <certificate_of_device>", "X-Survey-Proxy-Secret: guessed",
            target="/household/meter", must="401 certificate-required", to="pages"),
    _claims("at the pages, claims a certificate with underscores and the secret",
            "X_Survey_Client_Cert: <certificate_of_device>", "X_Survey_Proxy_Secret: <proxy_secret>",
            target="/account", must="401 certificate-required", to="pages"),
    _claims("at the pages, asks the gateway's question", "X-Survey-Proxy-Secret: guessed",
            "X-Survey-Client-Cert: <certificate_of_device>", target="/_gateway/authorize", must="404", to="pages"),
    _claims("at the pages, enrols past the door", to="pages", method="POST", target="/enrol", must="401"),
)  # fmt: skip

ATTEMPTS = (*_SMUGGLING, *_CONFLICTS, *_IDENTITIES)
