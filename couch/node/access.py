"""Who may do what with a database: CouchDB's `_security` object.

Source: CouchDB `couch_db:check_is_member/1`, `check_is_admin/1`, `validate_security_object/1`.
"""

from collections.abc import Mapping
from typing import Any

from couch.node.answers import HttpError, bad_request, forbidden, unauthorized
from couch.node.user import ADMIN_ROLE, UserCtx

Security = Mapping[str, Any]


def require_server_admin(user: UserCtx) -> None:
    """Raises HttpError 401 for everybody but the server's administrator."""
    if not user.is_admin:
        raise unauthorized("You are not a server admin.")


def require_admin(security: Security, user: UserCtx) -> None:
    """Raises HttpError 401 or 403 for everybody but administrators of the database."""
    if not is_admin(security, user):
        raise _refusal(user, "You are not a db or server admin.")


def require_member(security: Security, user: UserCtx) -> None:
    """Raises HttpError 401 or 403 for whoever may not read the database."""
    if is_admin(security, user):
        return
    members = security.get("members", security.get("readers", {}))
    if not members.get("names") and not members.get("roles"):
        return
    if not _listed(members, user):
        what = "authorized" if user.name is None else "allowed"
        raise _refusal(user, f"You are not {what} to access this db.")


def is_admin(security: Security, user: UserCtx) -> bool:
    """Whether `user` is the server's administrator or one of the database."""
    return user.is_admin or _listed(security.get("admins", {}), user)


def check_security(security: object) -> dict[str, Any]:
    """`security` where it can be a security object.

    Raises:
        HttpError: 400 where it cannot.
    """
    if not isinstance(security, dict):
        raise bad_request("Security object must be a JSON object.")
    for part in ("admins", "members", "readers"):
        group = security.get(part, {})
        if not isinstance(group, dict):
            raise bad_request(f"{part} must be a JSON object.")
        for kind in ("names", "roles"):
            entries = group.get(kind, [])
            if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
                raise bad_request(f"{kind} must be a JSON list of strings")
    return security


def _listed(group: Mapping[str, Any], user: UserCtx) -> bool:
    roles = {ADMIN_ROLE, *group.get("roles", ())}
    return not roles.isdisjoint(user.roles) or (user.name is not None and user.name in group.get("names", ()))


def _refusal(user: UserCtx, reason: str) -> HttpError:
    return unauthorized(reason) if user.name is None else forbidden(reason)
