"""From when on something about a device or the centre is a trouble: `[health]` in centre_web.toml."""

from datetime import timedelta
from typing import Annotated

import msgspec

Hours = Annotated[float, msgspec.Meta(gt=0, le=8760, examples=[2])]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400, examples=[120])]


class Thresholds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units in the names. Devices measure and report every 15 minutes; the thesis wants reports hourly.

    `oldest_release`: the oldest release of the survey that a device should run; None: the centre's own.
    """

    silent_h: Hours = 2.0  # no heartbeat: perhaps the network of the household
    long_silent_h: Hours = 24.0  # no heartbeat: somebody has to go there
    never_reported_h: Hours = 24.0  # since the device was registered
    late_h: Hours = 2.0  # consent is granted, and no measurement comes
    backlog_h: Hours = 2.0  # what waits for the centre has not shrunk
    clock_ahead_s: Seconds = 120.0
    clock_behind_s: Seconds = 1800.0  # as seen here, so the time on the way counts too
    certificate_days: Annotated[float, msgspec.Meta(gt=0, le=365, examples=[14])] = 14.0  # left to its end
    disk_free_mb: Annotated[float, msgspec.Meta(ge=0, le=1_000_000, examples=[500])] = 500.0
    temperature_c: Annotated[float, msgspec.Meta(gt=0, le=150, examples=[80])] = 80.0  # a Pi slows down then
    oldest_release: Annotated[str, msgspec.Meta(pattern=r"^\d+(\.\d+)*$", examples=["0.1.0"])] | None = None
    worker_silent_s: Seconds = 120.0  # a worker of the centre gives no sign of life
    worker_behind_s: Seconds = 600.0  # a household waits for the worker for longer

    @property
    def silent(self) -> timedelta:
        return timedelta(hours=self.silent_h)

    @property
    def long_silent(self) -> timedelta:
        return timedelta(hours=self.long_silent_h)

    @property
    def never_reported(self) -> timedelta:
        return timedelta(hours=self.never_reported_h)

    @property
    def late(self) -> timedelta:
        return timedelta(hours=self.late_h)

    @property
    def backlog(self) -> timedelta:
        return timedelta(hours=self.backlog_h)
