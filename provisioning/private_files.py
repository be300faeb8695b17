"""Files that only their owner may read: see couch.private_files."""

from couch.private_files import write_private

__all__ = ["write_private"]
