"""The key of a server: made once, used again when its certificate is renewed."""

from pathlib import Path

from couch.private_files import write_private
from provisioning.ca.keys import bare, new_key, open_bare
from provisioning.ca.signing_request import new_signing_request

KEY_FILE = "key.pem"


def server_request(folder: Path) -> bytes:
    """A signing request for the key in `folder`, which is made where it is missing. Raises Fault."""
    path = folder / KEY_FILE
    write_private(path, bare(new_key()), replace=False)
    return new_signing_request(open_bare(path))
