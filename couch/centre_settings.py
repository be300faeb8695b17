"""The settings of the centre's own programs: `survey centre` and `survey anonymizer` read the same file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from couch.blurring import Blurring
from couch.client import Server
from couch.proof_settings import ProofSettings
from couch.settings import Account, load


class CentreSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`centre.toml`; every value can come from the environment instead (`SURVEY_CENTRE_URL`, ...).

    Times are real seconds.
    """

    url: Annotated[str, msgspec.Meta(pattern=r"^https?://", examples=["http://127.0.0.1:5984"])]
    admin: Account  # the engine's administrator: databases, `_security`, accounts, `_db_updates`
    worker: Account  # writes documents
    pseudonym_key: Path  # 64 hex digits, readable for its owner alone; keep a backup apart from the databases
    device_url: str | None = (
        None  # https://..., the address that devices reach the centre at, by its DNS name
    )
    ca_folder: Path = Path("ca")  # of the certificate authority (`survey ca init`)
    ca_passphrase_file: Path | None = None  # of its issuing key, mode 600; else SURVEY_CA_PASSPHRASE
    geodata: Path = Path("geodata.gpkg")  # regions and their densities (`survey geodata import`)
    postal_codes: Path = Path("postal-codes.sqlite")  # places by postal code (`survey geodata postal-codes`)
    registrations: Path = Path("registrations")  # of the pages: bundles, imports and corrections under way
    blurring: Blurring = msgspec.field(default_factory=Blurring)  # of households whose consent is revoked
    proof: ProofSettings = msgspec.field(default_factory=ProofSettings)  # that an erased household is gone
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=600)] = 30.0
    parallel_households: Annotated[int, msgspec.Meta(ge=1, le=64)] = 4
    batch_documents: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 500
    tries: Annotated[int, msgspec.Meta(ge=1, le=100)] = 5  # before a document is parked
    retry_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 1.0  # after a first failure; it doubles
    retry_at_most_s: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = 300.0
    poll_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 2.0  # where the engine has no `_db_updates`
    slices: Annotated[int, msgspec.Meta(ge=1, le=999)] = 32  # of all households, shared among the workers
    lease_s: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 30.0  # after this a worker that died is replaced
    metrics_port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] | None = None  # Prometheus, loopback only
    sweep_s: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = 600.0  # all households are looked at again

    def admin_server(self) -> Server:
        """A connection of the administrator; one a thread."""
        return self._server(self.admin)

    def worker_server(self) -> Server:
        """A connection of the worker's role account; one a thread."""
        return self._server(self.worker)

    def _server(self, account: Account) -> Server:
        return Server(
            self.url, user=account.user, password=account.password.reveal(), timeout_s=self.timeout_s
        )


def load_centre_settings(file: Path, environ: Mapping[str, str]) -> CentreSettings:
    """The settings in `file`; a relative path in it starts at the file's folder.

    Raises SettingsError, which names every fault.
    """
    settings = load(CentreSettings, file=file, environ=environ, prefix="centre")
    folder, passphrase = file.parent.absolute(), settings.ca_passphrase_file
    return msgspec.structs.replace(
        settings,
        pseudonym_key=folder / settings.pseudonym_key,
        ca_folder=folder / settings.ca_folder,
        geodata=folder / settings.geodata,
        postal_codes=folder / settings.postal_codes,
        registrations=folder / settings.registrations,
        proof=settings.proof.below(folder),
        ca_passphrase_file=None if passphrase is None else folder / passphrase,
    )
