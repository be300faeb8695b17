"""The settings of the two web services: `page.toml` on a device, `centre_web.toml` at the centre.

Paths are taken from the folder of the settings file. Times are real seconds.
"""

from pathlib import Path
from typing import Annotated

import msgspec

from couch.documents.fields import UUID_PATTERN
from couch.secret import Secret
from couch.settings import Endpoint

Port = Annotated[int, msgspec.Meta(ge=0, le=65535, examples=[8080], description="0 (a free one) to 65535")]
Id = Annotated[
    str,
    msgspec.Meta(
        pattern=UUID_PATTERN,
        description="a uuid in lower case",
        examples=["00000000-0000-4000-8000-000000000000"],
    ),
]
Names = Annotated[tuple[str, ...], msgspec.Meta(examples=[["survey.local"]])]
Wait = Annotated[float, msgspec.Meta(gt=0, le=600)]


class PageSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`survey edge page`; `SURVEY_PAGE_PORT` and so on override it.

    The household code's hash stands in `household_code_hash` or in a file; `survey edge page --new-code`
    makes a code and writes the file. `names`: host names of this page besides addresses and localhost.
    """

    device: Id
    household: Id
    local: Endpoint  # the device's own database, as the account `page`
    household_code_hash: Secret | None = None
    household_code_file: Path = Path("household-code.hash")
    session_secret_file: Path = Path("page-session.key")  # made at the first start
    bind: str = "127.0.0.1"
    port: Port = 8080
    names: Names = ()
    timezone: str | None = None  # None: Germany's
    timeout_s: Wait = 5.0


class CentreWebSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`survey centre serve` and `survey export`; `SURVEY_CENTRE_WEB_PORT` and so on override it.

    `couchdb`: the central CouchDB with an account that has the roles researcher (registry) and analyst
    (research); `https`: browsers reach the pages over TLS, so that the session cookie travels over it alone.
    """

    couchdb: Endpoint
    session_secret_file: Path = Path("centre-session.key")  # made at the first start
    bind: str = "127.0.0.1"
    port: Port = 8090
    names: Names = ()
    https: bool = False
    timezone: str | None = None  # None: Germany's
    timeout_s: Wait = 30.0
    threads: Annotated[int, msgspec.Meta(ge=1, le=64)] = 8
