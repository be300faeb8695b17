"""All pages of registering; importing them puts their routes into the blueprint."""

from webapp.registration import (
    correcting_pages,
    creating_pages,
    device_pages,
    import_pages,
    map_pages,
    revocation_pages,
)
from webapp.registration.blueprint import blueprint

__all__ = [
    "blueprint",
    "correcting_pages",
    "creating_pages",
    "device_pages",
    "import_pages",
    "map_pages",
    "revocation_pages",
]
