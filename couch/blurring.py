"""How far an anonymized household is blurred: never less than the thesis asks (3.1.4), more where set so."""

from typing import Annotated

import msgspec


class Blurring(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table `[blurring]` of `centre.toml`; as it stands, exactly what thesis 3.1.4 and design 7 say.

    A value set later holds for later revocations: what was drawn once is never drawn again.
    """

    distance_factor: Annotated[float, msgspec.Meta(ge=1, le=10)] = 1.0  # on both distances of equation 3.1
    power_step_kw: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1  # nominal power: nearest multiple, never 0
    year_step: Annotated[int, msgspec.Meta(ge=1, le=50)] = 1  # 5: 2018-06-01 becomes 2015-01-01
    keep_azimuth: bool = True
    keep_tilt: bool = True
