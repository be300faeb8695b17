"""What `survey account` does: the directory, and links that begin with the address of the pages."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from couch.clock import to_rfc3339
from couch.errors import Fault
from webapp.accounts.account import Account
from webapp.accounts.accounts_file import AccountsFile
from webapp.accounts.directory import Directory, Link
from webapp.settings import CentreWebSettings, load_centre_web


@dataclass(frozen=True, slots=True)
class Issued:
    """An account and its one-time link, which is shown once."""

    account: Account
    url: str
    ends: str  # RFC 3339


@dataclass(frozen=True)
class Administration:
    """The accounts behind one settings file."""

    directory: Directory
    settings: CentreWebSettings

    def invite(self, name: str, roles: Iterable[str]) -> Issued:
        """A new account and its invitation. Raises Fault."""
        base = address(self.settings)
        return self._issued(base, name, self.directory.add(name, roles, valid_s=self.settings.invitation_s))

    def reset(self, name: str) -> Issued:
        """A new link; the old password and all sessions end. Raises Fault."""
        base = address(self.settings)
        return self._issued(base, name, self.directory.reset(name, valid_s=self.settings.reset_s))

    def _issued(self, base: str, name: str, link: Link) -> Issued:
        account = self.directory.find(name)
        if account is None:
            raise Fault(f"the account {name} was removed meanwhile")
        return Issued(account, f"{base}/link/{link.token}", moment(link.expires_at))


def open_administration(
    config: Path, environ: Mapping[str, str], wall: Callable[[], float] = time.time
) -> Administration:
    """From the settings file of the pages. Raises Fault."""
    settings = load_centre_web(config, environ)
    return Administration(Directory(AccountsFile(settings.accounts_file), wall), settings)


def address(settings: CentreWebSettings) -> str:
    """What links begin with. Raises Fault where it cannot be known."""
    if settings.address is not None:
        return settings.address.rstrip("/")
    if settings.https or not settings.port:
        raise Fault(
            "the address of the pages is not known, so no link can be made: set `address` in their settings, "
            'for example address = "https://centre.example.org"'
        )
    return f"http://127.0.0.1:{settings.port}"


def moment(seconds: int) -> str:
    """Real seconds since 1970 as RFC 3339."""
    return to_rfc3339(datetime.fromtimestamp(seconds, UTC))
