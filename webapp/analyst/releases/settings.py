"""How published data sets are described and cited: `[data_set]`."""

from typing import Annotated

import msgspec


class DataSetSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[data_set]` of centre_web.toml. `licence`: an SPDX identifier; None: nobody may pass data on."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = "Household energy survey"
    authors: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, examples=[["Institute of Energy"]])] = (
        "The household energy survey",
    )
    contact: Annotated[str, msgspec.Meta(max_length=254, examples=["data@example.org"])] | None = None
    licence: (
        Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9.+-]{1,60}$", examples=["CC-BY-4.0"])] | None
    ) = None
