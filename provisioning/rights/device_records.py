"""What the certificate authority remembers of a household's devices: uuids, serials, times; no name."""

import dataclasses
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from couch.clock import to_rfc3339
from couch.documents import Json
from provisioning.ca.folder import AuthorityFolder
from provisioning.onboarding import opened_memory

_SECRET = ("code_hash",)


def device_records(ca_folder: Path, household: str) -> Iterator[Json]:
    """Certificates, one-time codes, replacements and returns, each named by `type`.

    Nothing where this centre has no authority. Raises Fault for one that cannot be read.
    """
    if not AuthorityFolder(ca_folder).records.is_file():
        return
    with opened_memory(ca_folder) as memory:
        for record in memory.records.of_household(household):
            yield {"type": "certificate", **_plain(record)}
        for kind, found in (
            ("enrolment_code", memory.store.codes()),
            ("replacement", memory.store.replacements().values()),
            ("return", memory.store.returns()),
        ):
            for each in found:
                if each.household == household:
                    yield {"type": kind, **_plain(each)}


def _plain(record: Any) -> Json:
    return {name: _value(value) for name, value in dataclasses.asdict(record).items() if name not in _SECRET}


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_rfc3339(value)
    return list(value) if isinstance(value, tuple) else value
