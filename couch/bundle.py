"""The bundle of a device: one file that is carried from the centre to the Pi (`survey edge join`).

It holds no password and no key, only a code that is good for one certificate, for this device and for some
days. Who has the file before the device does could become the device: it is mode 600 and worth a letter.
"""

import json
import tomllib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from couch.clock import to_rfc3339
from couch.documents.fields import Uuid
from couch.documents.household import MeterModel
from couch.errors import Fault
from couch.secret import Secret
from couch.settings_fields import Source, read_struct

FORMAT: Literal[1] = 1
_LARGEST_BYTES = 256 * 1024
_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=16_384)]
_Moment = Annotated[datetime, msgspec.Meta(description="a time", examples=["2026-11-24T12:00:00Z"])]


class BundleMeter(msgspec.Struct, frozen=True, kw_only=True):
    """A meter that the device reads; `head` None: whoever installs it says where it is plugged in."""

    meter: Uuid
    name: str = ""
    head: str | None = None
    protocol: Literal["sml", "text_d"] = "sml"


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """`ca`: PEM of whom the device trusts at the centre. `made`, `expires`: real time; of the code."""

    format: Literal[1] = FORMAT
    household: Uuid
    device: Uuid
    name: _Text
    centre_url: Annotated[
        str, msgspec.Meta(pattern=r"^https://[^/@?#]+/?$", description="an https:// address")
    ]
    local_url: Annotated[str, msgspec.Meta(pattern=r"^https?://[^/@?#]+/?$")] = "http://127.0.0.1:5984"
    code: Secret
    made: _Moment
    expires: _Moment
    ca: _Text
    meters: tuple[BundleMeter, ...] = ()


def usual_protocol(model: MeterModel) -> Literal["sml", "text_d"]:
    """What a meter of this model speaks unless somebody knows better."""
    return "text_d" if model == "EASY" else "sml"


def read_bundle(path: Path) -> Bundle:
    """Raises Fault, which names every fault of the file."""
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise Fault(f"{path} is too large for a device's bundle. Give the file that the centre made.")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        why = (err.strerror or type(err).__name__).lower()
        raise Fault(f"the bundle {path} cannot be read: {why}. Give the file that the centre made.") from err
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as err:
        raise Fault(f"{path} is no device's bundle, or it was cut off on its way. Copy it again.") from err
    found: list[str] = []
    bundle = read_struct(Bundle, table, Source("", "SURVEY_BUNDLE", {}), found)
    if bundle is not None:
        found += _contradictions(bundle)
    if found or bundle is None:
        raise Fault(
            f"{path} is no device's bundle that this version reads: {'; '.join(found)}. Copy it again."
        )
    return bundle


def _contradictions(bundle: Bundle) -> list[str]:
    zoned = all(moment.tzinfo is not None for moment in (bundle.made, bundle.expires))
    if not zoned or bundle.made >= bundle.expires:
        return ["its times contradict each other"]
    return []


def bundle_text(bundle: Bundle) -> str:
    """The file's text (TOML)."""
    lines = [
        "# The bundle of one device of the survey: bring it to the device and run",
        "#   survey edge join <this file>",
        f"# The code in it is good for one certificate, until {to_rfc3339(bundle.expires)}. Keep mode 600.",
        f"format = {bundle.format}",
        *(
            f"{name} = {_text(getattr(bundle, name))}"
            for name in ("household", "device", "name", "centre_url", "local_url")
        ),
        f"code = {_text(bundle.code.reveal())}",
        f"made = {to_rfc3339(bundle.made)}",
        f"expires = {to_rfc3339(bundle.expires)}",
        f'ca = """\n{bundle.ca.strip()}\n"""',
        *_meters(bundle.meters),
    ]
    return "\n".join(lines) + "\n"


def _meters(meters: Sequence[BundleMeter]) -> list[str]:
    lines: list[str] = []
    for entry in meters:
        lines += ["", "[[meters]]", f"meter = {_text(entry.meter)}", f"name = {_text(entry.name)}"]
        if entry.head is not None:
            lines.append(f"head = {_text(entry.head)}")
        lines.append(f"protocol = {_text(entry.protocol)}")
    return lines


def _text(value: str) -> str:
    return json.dumps(value)  # a JSON string is a TOML basic string
