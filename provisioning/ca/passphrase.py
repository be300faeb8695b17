"""Where pass phrases come from: a file of mode 600 or the environment, never the command line."""

from collections.abc import Mapping
from pathlib import Path

from couch.secret import Secret, SettingsError, secret_from_file

VARIABLE = "SURVEY_CA_PASSPHRASE"
ROOT_VARIABLE = "SURVEY_CA_ROOT_PASSPHRASE"
# PKCS#8 as `cryptography` seals it spends 2,048 rounds of PBKDF2 on a guess: length must carry the weight.
SHORTEST = 16


def given_passphrase(file: Path | None, environ: Mapping[str, str]) -> Secret:
    """The pass phrase of the issuing authority. Raises SettingsError when there is none."""
    passphrase = _given(file, environ, VARIABLE)
    if passphrase is None:
        raise SettingsError(
            f"no pass phrase: write it into a file of mode 600 and give --passphrase-file, or set {VARIABLE}."
        )
    return passphrase


def given_root_passphrase(file: Path | None, environ: Mapping[str, str], other: Secret) -> Secret:
    """The pass phrase of the root; `other`, that of the issuing authority, when none is given."""
    return _given(file, environ, ROOT_VARIABLE) or other


def check_new_passphrase(passphrase: Secret) -> None:
    """Refuse one that could be guessed. Raises SettingsError."""
    if len(passphrase) < SHORTEST:
        raise SettingsError(
            f"the pass phrase is too short: it takes at least {SHORTEST} characters. "
            "Make one with: openssl rand -base64 24"
        )


def _given(file: Path | None, environ: Mapping[str, str], variable: str) -> Secret | None:
    if file is not None:
        return secret_from_file(file)
    text = environ.get(variable, "")
    return Secret(text) if text else None
