"""Straight at the database, as a process on the centre's machine could: tokens that nobody minted."""

# ruff: noqa: E501 - a table: a row is read across

from attempt import Attempt

_DENIED = "401 or 400 or 403"


def _bears(  # noqa: PLR0917 - a row of the table
    tries: str,
    token: str,
    method: str = "GET",
    target: str = "/household-<own>/_security",
    body: str = "",
    must: str = _DENIED,
) -> Attempt:
    return Attempt(tries=f"at the database: {tries}", to="engine", method=method, target=target, body=body,
                   headers=(f"Authorization: Bearer <{token}>",), must=must)  # fmt: skip


ATTEMPTS = (
    _bears("a token without an algorithm", "token_without_algorithm", target="/_all_dbs"),
    _bears("a token signed with another key", "token_with_another_key"),
    _bears("a token of an administrator signed with another key", "token_of_an_admin", target="/_all_dbs"),
    _bears("a token signed with an empty key", "token_with_an_empty_key", target="/_all_dbs"),
    _bears("a token that has ended", "token_expired"),
    _bears("a token that has not begun", "token_not_yet_valid"),
    _bears("a token without an end", "token_without_end"),
    _bears("a token whose key is said to be a file", "token_of_a_file", target="/_all_dbs"),
    _bears("a token with other claims under an old signature", "token_changed", target="/_all_dbs"),
    _bears("a token without its signature", "token_unsigned"),
    _bears("a token of a device for another household", "token", target="/household-<other>/_security"),
    _bears("a token of a device for a list of all databases", "token", target="/_all_dbs"),
    _bears("a token of a device, to change who may enter", "token", "PUT", "/household-<own>/_security", "{}",
           f"{_DENIED} or 500"),
    _bears("a token of a device, to purge", "token", "POST", "/household-<own>/_purge", "{}"),
    _bears("a token of a device, to destroy", "token", "DELETE", "/household-<own>"),
    _bears("a token of a device, to make a database", "token", "PUT", "/household-<checkpoint>"),
    _bears("a token of a device, to replace the validator", "token", "PUT", "/household-<own>/_design/evil", "{}"),
    _bears("a token of a device, to read the registry", "token", target="/registry/_all_docs"),
    _bears("a token of a device, to read accounts", "token", target="/_users/_all_docs"),
    _bears("a token of a device, to replicate from another household", "token", "POST", "/_replicate",
           '{"source":"household-<other>","target":"household-<own>"}', must="401 or 400 or 403 or 404 or 500"),
    Attempt(tries="at the database: nobody reads a household", to="engine", target="/household-<own>/_security", must=_DENIED),
    Attempt(tries="at the database: nobody makes a database", to="engine", method="PUT", target="/eve", must=_DENIED),
    Attempt(tries="at the database: nobody signs in with a guessed password", to="engine", method="POST",
            target="/_session", body='{"name":"admin","password":"guessed"}', must=_DENIED),
    Attempt(tries="at the database: roles in proxy headers", to="engine", target="/_all_dbs",
            headers=("X-Auth-CouchDB-UserName: admin", "X-Auth-CouchDB-Roles: _admin"), must=_DENIED),
    Attempt(tries="at the database: a guess of the node's own credentials", to="engine", target="/_all_dbs",
            headers=('Authorization: Node guess WyJhZG1pbiIsWyJfYWRtaW4iXV0=',), must=_DENIED),
    Attempt(tries="at the database: a forged cookie", to="engine", target="/_all_dbs",
            headers=("Cookie: AuthSession=YWRtaW46NjhBQUFBQUE6QUFBQUFBQUFBQUFBQUFBQUFBQUE",), must=_DENIED),
)  # fmt: skip
