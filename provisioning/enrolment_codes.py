"""One-time codes: what makes one good, as values. A code is 192 random bits; only its hash is kept."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from couch.clock import to_rfc3339
from couch.enrolment import EnrolmentRefused
from couch.secret import Secret

CODE_LIFETIME = timedelta(days=7)  # a letter with the device in it is on its way for some days
WRONG_TRIES = 10  # within an hour; after that every code for this device waits
TRIES_WINDOW = timedelta(hours=1)
_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRecord:
    """The code of one device. `key`: SHA-256 of the public key that used it; times are aware UTC."""

    device: str
    household: str
    code_hash: str
    made_at: datetime
    expires_at: datetime
    wrong: int = 0  # tries since `wrong_since`
    wrong_since: datetime | None = None
    used_at: datetime | None = None
    key: str | None = None
    cancelled_at: datetime | None = None

    def open_at(self, now: datetime) -> bool:
        """Whether it can still be used for the first time."""
        return self.used_at is None and self.cancelled_at is None and now < self.expires_at

    def waits_until(self, now: datetime) -> datetime | None:
        """Until when no code is looked at for this device; None: now."""
        if self.wrong < WRONG_TRIES or self.wrong_since is None:
            return None
        until = self.wrong_since + TRIES_WINDOW
        return until if now < until else None


def new_code() -> Secret:
    """A fresh code. Random enough that its hash needs no salt and no slowness."""
    return Secret(secrets.token_urlsafe(_BYTES))


def code_hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def matches(record: CodeRecord, code: str) -> bool:
    """Whether `code` is the one that was made; takes the same time for each wrong one."""
    return hmac.compare_digest(record.code_hash, code_hash(code))


def judge(record: CodeRecord | None, code: str, key: str, now: datetime) -> CodeRecord:
    """The record, when `code` may be turned into a certificate for `key` (a public key's hash) at `now`.

    Whoever used the code comes again with the same key, until it expires: the answer may have been lost.
    Raises EnrolmentRefused. What is wrong with a code is said only to whoever knows it.
    """
    if record is None:
        raise _wrong()
    until = record.waits_until(now)
    if until is not None:
        wait_s = int((until - now).total_seconds()) + 1
        raise EnrolmentRefused(
            "too_many", f"too many wrong codes; wait until {to_rfc3339(until)}", retry_after_s=wait_s
        )
    if not matches(record, code) or record.cancelled_at is not None:
        raise _wrong()
    if record.used_at is not None and record.key != key:
        raise EnrolmentRefused("code_used", f"this code was used at {to_rfc3339(record.used_at)}")
    if now >= record.expires_at:
        raise EnrolmentRefused("code_expired", f"this code ended at {to_rfc3339(record.expires_at)}")
    return record


def _wrong() -> EnrolmentRefused:
    return EnrolmentRefused("code_wrong", "no such code for this device")
