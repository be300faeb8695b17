"""CouchDB's `_users` documents: what has to change so that an account is as wanted.

Source: CouchDB manual, "Authentication Database". Comparing the stored key here, instead of signing in to
try, costs no failed sign-ins, which would lock the account for others.
"""

import hashlib
import hmac
from collections.abc import Sequence

from couch.documents.fields import Json

USERS = "_users"


def user_id(name: str) -> str:
    return f"org.couchdb.user:{name}"


def wanted_account(stored: Json | None, name: str, password: str, roles: Sequence[str]) -> Json | None:
    """The `_users` document to write, or None when the stored one already says the same."""
    password = str.__str__(password)  # sees through hidden secrets
    if stored is None:
        return {
            "_id": user_id(name),
            "name": name,
            "type": "user",
            "roles": sorted(roles),
            "password": password,
        }
    same_roles = sorted(stored.get("roles", ())) == sorted(roles)
    same_password = password_matches(stored, password)
    if same_roles and same_password:
        return None
    changed = {**stored, "roles": sorted(roles)}
    if not same_password:
        changed["password"] = password
    return changed


def password_matches(stored: Json, password: str) -> bool:
    """Whether the stored key was derived from `password`; False also for schemes not known here."""
    if stored.get("password_scheme") != "pbkdf2":
        return False
    prf = stored.get("pbkdf2_prf", "sha")
    try:
        key = bytes.fromhex(stored["derived_key"])
        derived = hashlib.pbkdf2_hmac(
            "sha1" if prf == "sha" else prf,  # Erlang's name of SHA-1
            password.encode(),
            stored["salt"].encode(),
            int(stored["iterations"]),
            len(key),
        )
    except (KeyError, TypeError, ValueError):
        return False
    return hmac.compare_digest(key, derived)
