"""Documents of `_users`: what is acceptable, and the password that never reaches the disk.

Source: CouchDB's `_design/_auth` and `couch_users_db:before_doc_update/3`.
"""

from typing import Any

from couch.node.answers import forbidden
from couch.node.edits import Edit
from couch.node.passwords import derived_fields

USERS = "_users"
PREFIX = "org.couchdb.user:"

_PASSWORD_MEMBERS = frozenset(
    {
        "derived_key",
        "iterations",
        "password",
        "password_scheme",
        "password_sha",
        "preserve_salt",
        "pbkdf2_prf",
        "salt",
    }
)


def account_edit(edit: Edit, iterations: int) -> Edit:
    """The edit with its password derived. Takes a while where there is one."""
    password = edit.body.get("password")
    if password is None or edit.is_design or edit.is_local:
        return edit
    rest = {name: value for name, value in edit.body.items() if name not in _PASSWORD_MEMBERS}
    return edit.with_body({**derived_fields(str(password), iterations), **rest})


def check_account(edit: Edit) -> None:
    """Make sure that the document describes an account.

    Raises:
        HttpError: 403 where it does not.
    """
    if edit.deleted or edit.is_design or edit.is_local:
        return
    body: dict[str, Any] = edit.body
    if body.get("type") != "user":
        raise forbidden("doc.type must be user")
    if not body.get("name"):
        raise forbidden("doc.name is required")
    roles = body.get("roles")
    if not roles and roles != []:
        raise forbidden("doc.roles must exist")
    if not isinstance(roles, list):
        raise forbidden("doc.roles must be an array")
    for role in roles:
        if not isinstance(role, str):
            raise forbidden("doc.roles can only contain strings")
    if edit.id != PREFIX + str(body["name"]):
        raise forbidden("Doc ID must be of the form org.couchdb.user:name")
    for role in roles:
        if role.startswith("_"):
            raise forbidden("No system roles (starting with underscore) in users db.")
    if str(body["name"]).startswith("_"):
        raise forbidden("Username may not start with underscore.")
    if ":" in str(body["name"]):
        raise forbidden("Character `:` is not allowed in usernames.")
