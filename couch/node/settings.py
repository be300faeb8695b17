"""The settings of a node."""

import base64
import binascii
from typing import Annotated

import msgspec

from couch.secret import Secret, SettingsError

# Databases whose files stay open at once (up to nine handles each, and many systems allow 1,024); asking for
# one more lets the longest unused rest.
OPEN_DATABASES = 50


class ReplicatorSettings(msgspec.Struct, frozen=True):
    """`[replicator]`: the identity and the trust of replications over TLS.

    Attributes: `cert_file`, `key_file` (PEM) what this node shows to its peers; `ssl_ca` (PEM) whom it
    trusts, "" for the system's authorities; `checkpoint_interval_s` seconds between checkpoints.
    """

    cert_file: str = ""
    key_file: str = ""
    ssl_ca: str = ""
    checkpoint_interval_s: Annotated[float, msgspec.Meta(gt=0)] = 30.0


class TlsSettings(msgspec.Struct, frozen=True):
    """`[tls]`: a second listener, for devices, over mutual TLS. Without `certificate_file` there is none.

    Attributes: `certificate_file` (PEM, with its chain), `key_file` what the listener shows;
    `devices_ca_file` (PEM) the authorities whose device certificates it takes; `authority` the folder with
    their records of what was revoked; `upstream` the address of the centre's pages process, which answers
    REST API and enrolment, "" for none; `proxy_secret` what it knows this door by; `request_s`, `head_s`,
    `idle_s` real seconds for a request, for its head to arrive, between two requests.
    """

    certificate_file: str = ""
    key_file: str = ""
    devices_ca_file: str = ""
    authority: str = ""
    bind: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 6984
    upstream: str = ""
    proxy_secret: Secret = Secret("")
    max_connections: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 500
    max_connections_each: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 32
    request_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 60.0
    head_s: Annotated[float, msgspec.Meta(gt=0, le=600)] = 15.0
    idle_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 75.0


class NodeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A node.

    Attributes: `admin_password` of the administrator `admin`, without it the node does not start; `data` its
    folder; `port` 0 picks a free one; `jwt_key` base64 of the key that signs tokens
    (HMAC), without it no token is accepted; `password_iterations` of PBKDF2 for new passwords;
    `js_...` the limits of design functions; `max_request_mb` the largest body accepted.
    """

    admin_password: Annotated[Secret, msgspec.Meta(extra={"env": "SURVEY_ADMIN_PASSWORD"})] = Secret("")
    data: Annotated[str, msgspec.Meta(min_length=1, examples=["/var/lib/survey/node"])]
    bind: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535, examples=[5984])]
    jwt_key: Annotated[Secret, msgspec.Meta(extra={"env": "SURVEY_JWT_KEY"})] = Secret("")
    session_timeout_s: Annotated[int, msgspec.Meta(gt=0)] = 600
    password_iterations: Annotated[int, msgspec.Meta(ge=1000)] = 600_000
    js_workers: Annotated[int, msgspec.Meta(ge=1, le=16)] = 2
    js_time_limit_s: Annotated[float, msgspec.Meta(gt=0)] = 5.0
    js_memory_limit_mb: Annotated[int, msgspec.Meta(ge=8)] = 64
    max_request_mb: Annotated[int, msgspec.Meta(ge=8)] = 64
    replicator: ReplicatorSettings = ReplicatorSettings()
    tls: TlsSettings = TlsSettings()

    def jwt_secret(self) -> bytes | None:
        """The key of tokens.

        Raises:
            SettingsError: it is not base64.
        """
        text = self.jwt_key.reveal()
        if not text:
            return None
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error as err:
            raise SettingsError(
                "the key of tokens (jwt_key, SURVEY_JWT_KEY) is not base64. "
                "Make one with: openssl rand -base64 32"
            ) from err
