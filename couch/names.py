"""The names that everybody uses: databases, roles, accounts (design section 5)."""

from datetime import datetime

REGISTRY = "registry"
RESEARCH = "research"
HOUSEHOLD_PREFIX = "household-"
MONTH_PREFIX = "research-"

# Roles, the same in `_users` accounts, JWTs and validators.
RESEARCHER = "researcher"
ADMINISTRATOR = "administrator"
ANALYST = "analyst"
WORKER = "worker"
# On the device: accounts and their only role have the same name.
AGENT = "agent"  # measures
PAGE = "page"  # consent, report
PULL = "pull"  # writes what comes from the centre
PUSH = "push"  # reads for the replicator
DEVICE_ACCOUNTS = (AGENT, PAGE, PULL, PUSH)

SCOPES = ("account", "household", "consent", "measurement-read", "measurement-write")


def household_database(household: str) -> str:
    """The central database of a household."""
    return HOUSEHOLD_PREFIX + household


def household_of(database: str) -> str | None:
    """The household's uuid where `database` is a household's, else None."""
    return database.removeprefix(HOUSEHOLD_PREFIX) if database.startswith(HOUSEHOLD_PREFIX) else None


def replica_database(device: str) -> str:
    """The device's local replica of its household's database."""
    return f"replica-{device}"


def month_database(slot: datetime) -> str:
    """`research-<yyyy-mm>`, where measurements and gaps of that UTC month lie."""
    return f"{MONTH_PREFIX}{slot:%Y-%m}"


def household_role(household: str) -> str:
    return f"household:{household}"


def device_role(device: str) -> str:
    return f"device:{device}"


def scope_role(scope: str) -> str:
    return f"scope:{scope}"


def device_roles(household: str, device: str) -> list[str]:
    """Every role of a device at the centre."""
    return [household_role(household), device_role(device), *(scope_role(scope) for scope in SCOPES)]
