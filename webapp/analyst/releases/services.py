"""What the pages of published data sets work with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from webapp.analyst.anonymity.settings import AnonymitySettings
from webapp.analyst.releases.jobs import ReleaseJobs
from webapp.analyst.releases.store import ReleaseStore
from webapp.analyst.releases.watch import ReleaseWatch

if TYPE_CHECKING:  # it needs tables, which a device does without
    from webapp.analyst.releases.making import Maker


@dataclass(frozen=True, slots=True)
class ReleaseServices:
    """`maker` gives one for the calling thread; `watch` is asked before anything is handed out."""

    store: ReleaseStore
    watch: ReleaseWatch
    maker: "Callable[[], Maker]"
    anonymity: AnonymitySettings
    jobs: ReleaseJobs = field(default_factory=ReleaseJobs)
