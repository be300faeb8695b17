"""What `survey account` and the administrators' page do: the directory, and links that begin with the address
of the pages.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from couch.clock import to_rfc3339
from couch.errors import Fault
from webapp.accounts.account import Account
from webapp.accounts.accounts_file import AccountsFile
from webapp.accounts.directory import Directory, Link
from webapp.accounts.services import LinkTerms
from webapp.settings import CentreWebSettings, load_centre_web


@dataclass(frozen=True, slots=True)
class Issued:
    """An account and its one-time link, which is shown once."""

    account: Account
    url: str
    ends_at: datetime

    @property
    def ends(self) -> str:
        """RFC 3339."""
        return to_rfc3339(self.ends_at)


@dataclass(frozen=True)
class Administration:
    """The accounts and what their links are like; `base` gives what links begin with, or raises Fault."""

    directory: Directory
    terms: LinkTerms
    base: Callable[[], str]

    def invite(self, name: str, roles: Iterable[str]) -> Issued:
        """A new account and its invitation. Raises Fault."""
        base = self.base()
        return self._issued(base, name, self.directory.add(name, roles, valid_s=self.terms.invitation_s))

    def reset(self, name: str, *, keep_administrator: bool = False) -> Issued:
        """A new link; the old password and all sessions end. Raises Fault."""
        base = self.base()
        link = self.directory.reset(name, valid_s=self.terms.reset_s, keep_administrator=keep_administrator)
        return self._issued(base, name, link)

    def _issued(self, base: str, name: str, link: Link) -> Issued:
        account = self.directory.find(name)
        if account is None:
            raise Fault(f"the account {name} was removed meanwhile")
        return Issued(account, f"{base}/link/{link.token}", datetime.fromtimestamp(link.expires_at, UTC))


def open_administration(
    config: Path, environ: Mapping[str, str], wall: Callable[[], float] = time.time
) -> Administration:
    """From the settings file of the pages. Raises Fault."""
    settings = load_centre_web(config, environ)
    return Administration(
        Directory(AccountsFile(settings.accounts_file), wall),
        link_terms(settings),
        partial(address, settings),
    )


def link_terms(settings: CentreWebSettings) -> LinkTerms:
    """What the settings say of links."""
    return LinkTerms(settings.address, settings.invitation_s, settings.reset_s)


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
