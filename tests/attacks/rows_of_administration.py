# ruff: noqa: E501 - one row a line is read as the table that it is
"""What is the server's administrator's alone, and what stands beside the documents."""

from collections.abc import Iterator

from attack_row import Attack
from attempts import Make, bulk, delete, forged, over, put, request, tombstone

WEAKER = {"validate_doc_update": "function () {}"}
OPEN = {"admins": {}, "members": {}, "consent": {"state": "granted", "erased": False}}
ADMINISTERING: dict[str, Make] = {
    "opens _security": request("PUT", "_security", OPEN),
    "another design document": request("PUT", "_design/more", WEAKER),
    "weaker rules": put(over(lambda _: {"_id": "_design/rules", **WEAKER})),
    "weaker rules forged to win": forged(lambda _: {"_id": "_design/rules", **WEAKER}),
    "weaker rules in bulk": bulk(over(lambda _: {"_id": "_design/rules", **WEAKER})),
    "deletes the rules": delete("_design/rules"),
    "a tombstone of the rules forged to win": forged(tombstone("_design/rules")),
    "purges the revocation": lambda home: request(
        "POST", "_purge", {"consent:revoked": [home.rev("consent:revoked")]}
    )(home),
    "remembers one revision": request("PUT", "_revs_limit", 1),
    "compacts": request("POST", "_compact", {}),
    "deletes the database": request("DELETE", ""),
    "makes the database anew": request("PUT", ""),
    "an index": request("POST", "_index", {"index": {"fields": ["type"]}}),
}
OF_EVERYBODY = ("device", "researcher", "administrator", "worker", "analyst", "nobody")


def administering() -> Iterator[Attack]:
    for name, make in ADMINISTERING.items():
        for who in OF_EVERYBODY:
            # CouchDB 3.5 answers a member's PUT of _security 500, a bulk with a design document row by row
            yield Attack(name, who, "revoked", make, ("denied", "refused", "not there", "conflict"))


# --- beside the documents

BESIDE = [
    Attack("a local document that says granted", "device", "revoked", request("PUT", "_local/consent:granted", {"type": "consent", "state": "granted"}), ("stored",), "stored without effect"),
    Attack("a local copy of the rules", "device", "revoked", request("PUT", "_local/rules", WEAKER), ("stored",), "stored without effect"),
    Attack("a local measurement", "device", "revoked", request("PUT", "_local/measurement", {"type": "measurement"}), ("stored",), "stored without effect"),
    Attack("a local document", "nobody", "revoked", request("PUT", "_local/x", {}), ("denied",)),
    Attack("a local document", "other household's device", "revoked", request("PUT", "_local/x", {}), ("denied",)),
    Attack("claims the worker's roles by a header", "nobody", "revoked", request("PUT", "consent:x", {}, **{"X-Auth-CouchDB-UserName": "worker", "X-Auth-CouchDB-Roles": "worker,_admin"}), ("denied",)),
    Attack("claims administration by a header", "device", "revoked", request("DELETE", "", None, **{"X-Auth-CouchDB-UserName": "admin", "X-Auth-CouchDB-Roles": "_admin"}), ("denied",)),
    Attack("makes itself an administrator", "device", "revoked", request("PUT", "/_users/org.couchdb.user:eve-{device}", {"name": "eve-{device}", "type": "user", "roles": ["worker"], "password": "x"}), ("denied",)),
    Attack("asks the centre to replicate into itself", "device", "revoked", request("PUT", "/_replicator/{device}", {"source": "{db}", "target": "{db}"}), ("denied",)),
]  # fmt: skip
