"""What happens to accounts in `_users` that belonged to an erased household.

Devices come with certificates and need none; these are accounts of a trial without certificates.
"""

from couch.accounts import USERS, user_id
from couch.client import Server
from couch.names import device_role, household_role

_HOUSEHOLD = household_role("")
_DEVICE = device_role("")


def end_accounts(server: Server, household: str) -> list[str]:
    """Take from the household's accounts what they may do; the names of those that changed.

    A device's account keeps what it needs to read `_security` and to confirm that it erased; every other one
    is deleted. One that serves other households too stays as it is. Needs the server's administrator.
    """
    users = server.database(USERS)
    if not users.exists():
        return []
    changed = []
    for doc in list(users.documents(start=user_id(""), end=user_id("\ufff0"))):
        roles = doc.get("roles", [])
        households = [role for role in roles if role.startswith(_HOUSEHOLD)]
        if households != [household_role(household)]:
            continue
        kept = sorted([*households, *(role for role in roles if role.startswith(_DEVICE))])
        if len(kept) == 1:
            users.delete(doc["_id"], doc["_rev"])
            users.purge({doc["_id"]: [leaf["_rev"] for leaf in users.leaves(doc["_id"])]})
        elif kept != sorted(roles):
            users.put({**doc, "roles": kept})
        else:
            continue
        changed.append(doc["name"])
    return changed
