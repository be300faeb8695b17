"""The library that tables are made with: the centre has it, a device does without (150 MB)."""

import importlib

from couch.errors import Fault
from webapp.translation import gettext


def need_tables() -> None:
    """Raises Fault where it is not installed. To be called before a module that imports it."""
    try:
        importlib.import_module("pyarrow")
    except ImportError as err:
        raise Fault(
            gettext(
                "exports need pyarrow, which is not installed here: "
                "install it with pip install 'household-energy-survey[centre]'"
            )
        ) from err
