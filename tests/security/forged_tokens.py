"""Tokens that the gateway never minted (RFC 7519), for attempts straight at the database."""

import base64
import hmac
import json
import secrets
from typing import Any

import jwt
from security_authority import Member

from couch.names import device_roles
from webapp.gateway.tokens import ISSUER


def forged_tokens(own: Member, key: bytes, now: int) -> dict[str, str]:
    """Tokens that nobody minted; `key` is used only where a right signature is the point."""
    claims = {
        "sub": own.device,
        "iss": ISSUER,
        "nbf": now - 5,
        "exp": now + 3600,
        "_couchdb.roles": device_roles(own.household, own.device),
    }
    admin = {**claims, "sub": "admin", "_couchdb.roles": ["_admin"]}
    another = secrets.token_bytes(32)
    right = jwt.encode(claims, key, algorithm="HS256")
    head, body, signature = right.split(".")
    swapped = base64.urlsafe_b64encode(json.dumps(admin).encode()).rstrip(b"=").decode()
    return {
        "token_without_algorithm": jwt.encode(admin, None, algorithm="none"),
        "token_with_another_key": jwt.encode(claims, another, algorithm="HS256"),
        "token_of_an_admin": jwt.encode(admin, another, algorithm="HS256"),
        "token_with_an_empty_key": _signed(admin, b""),
        "token_expired": jwt.encode({**claims, "exp": now - 60}, key, algorithm="HS256"),
        "token_not_yet_valid": jwt.encode({**claims, "nbf": now + 3000}, key, algorithm="HS256"),
        "token_without_end": jwt.encode(
            {k: v for k, v in claims.items() if k != "exp"}, key, algorithm="HS256"
        ),
        "token_of_a_file": _signed(admin, b"", kid="../../dev/null"),
        "token_changed": f"{head}.{swapped}.{signature}",
        "token_unsigned": f"{head}.{body}.",
    }


def _signed(claims: dict[str, Any], key: bytes, **header: str) -> str:
    """A token signed with HMAC-SHA256 whatever the key; PyJWT warns of weak ones."""

    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    kind = json.dumps({"alg": "HS256", "typ": "JWT", **header}).encode()
    head = f"{part(kind)}.{part(json.dumps(claims).encode())}"
    return f"{head}.{part(hmac.digest(key, head.encode(), 'sha256'))}"
