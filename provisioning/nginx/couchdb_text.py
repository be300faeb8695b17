"""CouchDB's settings behind the door: on loopback, believing the gateway's tokens."""

from couch.secret import Secret

_HANDLERS = ", ".join(
    f"{{chttpd_auth, {handler}_authentication_handler}}" for handler in ("cookie", "jwt", "default")
)
# Traps behind these lines: design section 11. `roles_claim_name` stays at its default, `_couchdb.roles`.
_TEXT = """; Written by `survey provision couchdb`: a file for CouchDB's local.d. It holds a key: mode 600.
[chttpd]
bind_address = 127.0.0.1
authentication_handlers = <handlers>
require_valid_user_except_for_up = true
max_http_request_size = 67108864

[jwt_auth]
required_claims = exp, nbf, {iss, "survey-gateway"}

[jwt_keys]
hmac:_default = <key>

[couchdb]
file_compression = none
max_dbs_open = 5000
"""


def couchdb_ini(key: Secret) -> str:
    """The file; `key` is base64 of what the gateway signs with."""
    return _TEXT.replace("<handlers>", _HANDLERS).replace("<key>", key.reveal())
