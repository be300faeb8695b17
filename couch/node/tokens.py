"""JSON web tokens: who sent them and with which roles. Messages are those of CouchDB's `jwtf`.

PyJWT checks them: signatures and claims are no place for code of our own.
"""

import warnings
from typing import Any

import jwt
import jwt.types

from couch.node.answers import HttpError, bad_request, unauthorized
from couch.node.user import UserCtx

_ALGORITHMS = ("HS256", "HS384", "HS512")
_ROLES = "_couchdb.roles"
_DEFAULT_KID = "_default"


def user_of_token(token: str, key: bytes | None) -> UserCtx:
    """The user whom a token names.

    Raises:
        HttpError: 400 or 401 where it is malformed, not signed with `key`, out of its time, or names nobody.
    """
    claims = _claims(token, key)
    if "sub" not in claims:
        raise unauthorized("Token missing sub claim.")
    roles = claims.get(_ROLES, [])
    if isinstance(roles, str):
        roles = [role.strip() for role in roles.split(",") if role.strip()]
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise bad_request("Malformed token")
    return UserCtx(claims["sub"], tuple(roles), "jwt")


def _claims(token: str, key: bytes | None) -> dict[str, Any]:
    options: jwt.types.Options = {
        "require": ["exp"],
        "verify_aud": False,
        "verify_iat": False,
        "verify_sub": False,
    }
    try:
        header = jwt.get_unverified_header(token)
        if header.get("kid", _DEFAULT_KID) != _DEFAULT_KID or key is None:
            raise bad_request("Unknown kid")
        with warnings.catch_warnings():
            # A short key is the operator's matter: the node says so once, when it starts.
            warnings.simplefilter("ignore")
            claims: dict[str, Any] = jwt.decode(token, key, algorithms=list(_ALGORITHMS), options=options)
    except jwt.exceptions.PyJWTError as err:
        raise _refusal(err) from err
    return claims


def _refusal(err: jwt.exceptions.PyJWTError) -> HttpError:
    refusals: list[tuple[type[jwt.exceptions.PyJWTError], HttpError]] = [
        (jwt.exceptions.ExpiredSignatureError, unauthorized("exp not in future")),
        (jwt.exceptions.ImmatureSignatureError, unauthorized("nbf not in past")),
        (jwt.exceptions.InvalidSignatureError, bad_request("Bad HMAC")),
        (jwt.exceptions.InvalidAlgorithmError, bad_request("Invalid alg header parameter")),
        (jwt.exceptions.MissingRequiredClaimError, bad_request("Missing exp claim")),
    ]
    return next(
        (refusal for kind, refusal in refusals if isinstance(err, kind)), bad_request("Malformed token")
    )
