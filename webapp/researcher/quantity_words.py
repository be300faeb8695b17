"""The quantities of charts and tables in words."""

from collections.abc import Mapping
from types import MappingProxyType

from webapp.researcher.load_profile import Quantity
from webapp.translation import marked

QUANTITY_WORDS: Mapping[Quantity, str] = MappingProxyType(
    {
        "drawn": marked("Drawn from the grid"),
        "fed_in": marked("Fed into the grid"),
        "generated": marked("Generated"),
    }
)
