"""`survey edge decode`: shows what is in a capture of a meter's telegrams."""

import json
from decimal import Decimal
from pathlib import Path

import click

from couch.errors import Fault
from edge.obis_codes import short_name
from edge.telegrams import Entry, Telegram


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of a text for people.")
@click.option(
    "--protocol",
    type=click.Choice(["sml", "text_d"]),
    help="How the meter speaks. Without it, the bytes tell.",
)
def decode(file: Path, as_json: bool, protocol: str | None) -> None:
    """Show the telegrams in FILE, a capture of a meter's bytes.

    As JSON, one line for each good telegram, then one with how many telegrams came and how many of them
    had a bad checksum.

    \b
    Example:
      survey edge decode capture.bin --json
    """
    from edge.decode import PROTOCOLS, Capture  # noqa: PLC0415 - smllib is loaded only where it is used

    capture = Capture(file, next((name for name in PROTOCOLS if name == protocol), None))
    shown = _json_line if as_json else _text
    for telegram in capture:
        click.echo(shown(telegram, capture.good))
    if as_json:
        click.echo(json.dumps({"telegrams": capture.telegrams, "bad_crc": capture.bad}))
    else:
        click.echo(f"{capture.telegrams} telegrams, {capture.bad} of them with a bad checksum")
    if not capture.good:
        raise Fault(
            f"{file} holds no whole telegram ({capture.bad} broken): the capture is cut off or damaged; "
            "record it again, for at least ten seconds"
        )


def _json_line(telegram: Telegram, _number: int) -> str:
    readings = [
        {"obis": entry.obis, "value": entry.value, "scaler": entry.scaler, "unit": entry.unit}
        for entry in telegram.entries
    ]
    return json.dumps(
        {"server_id": telegram.server_id, "meter_id": telegram.meter_id, "readings": readings},
        ensure_ascii=False,
    )


def _text(telegram: Telegram, number: int) -> str:
    notes = [*(["locked"] if telegram.locked else []), *telegram.marks]
    if telegram.odd:
        notes.append(f"{len(telegram.odd)} entries without a readable value")
    lines = [
        f"telegram {number}: meter {telegram.meter_id or 'without number'}, "
        f"server id {telegram.server_id or 'unknown'}" + "".join(f", {note}" for note in notes)
    ]
    lines += [
        f"  {short_name(entry.obis):<20} {_quantity(entry)} {entry.unit or ''}".rstrip()
        for entry in telegram.entries
    ]
    return "\n".join(lines)


def _quantity(entry: Entry) -> str:
    if isinstance(entry.value, bool | str):
        return str(entry.value)
    return f"{Decimal(entry.value).scaleb(entry.scaler or 0):f}"
