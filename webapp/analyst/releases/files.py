"""The files of a published version over HTTP: with checksum, in parts, and all of them as one archive."""

import base64
import zipfile
from collections.abc import Iterator
from pathlib import Path

from flask import Response, send_file

from webapp.analyst.releases.record import ReleaseFile, ReleaseRecord
from webapp.analyst.releases.store import ReleaseStore
from webapp.outbox import Outbox

_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".json": "application/json",
    ".md": "text/markdown",
    ".cff": "application/yaml",
}
_OLDEST = (1980, 1, 1, 0, 0, 0)  # the time of every entry: the same files give the same archive
_BLOCK = 256 * 1024


def send(place: Path, file: ReleaseFile) -> Response:
    """The file as a download; its ETag and `Repr-Digest` (RFC 9530) are its SHA-256."""
    answer = send_file(
        place,
        mimetype=_MEDIA_TYPES.get(place.suffix, "application/octet-stream"),
        as_attachment=True,
        download_name=place.name,
        conditional=True,
        etag=file.sha256,
    )
    digest = base64.b64encode(bytes.fromhex(file.sha256)).decode()
    answer.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    return answer


def archive(store: ReleaseStore, record: ReleaseRecord) -> Iterator[bytes]:
    """All files in a ZIP archive below `<name>-<version>/`, uncompressed; constant memory."""
    outbox = Outbox()
    with zipfile.ZipFile(outbox, "w", zipfile.ZIP_STORED) as bundle:
        for file in record.files:
            place = store.path(record, file.path)
            if place is None:
                continue
            entry = zipfile.ZipInfo(f"{record.name}-{record.version}/{file.path}", _OLDEST)
            entry.external_attr = 0o444 << 16
            entry.file_size = file.bytes
            with place.open("rb") as stream, bundle.open(entry, "w", force_zip64=True) as target:
                while block := stream.read(_BLOCK):
                    target.write(block)
                    yield outbox.take()
    yield outbox.take()
