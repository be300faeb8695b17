"""What exports need besides a database, for the pages: from the centre's settings, once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from couch.client import Server
from webapp.analyst.anonymity.regions import RegionOf, unknown_region
from webapp.analyst.anonymity.settings import AnonymitySettings
from webapp.analyst.table_library import need_tables

if TYPE_CHECKING:  # it needs tables, which a device does without
    from webapp.analyst.source import Source


@dataclass(frozen=True, kw_only=True)
class ExportServices:
    """`kept_folder`: where finished months are kept; None: every export is read from the database."""

    kept_folder: Path | None = None
    anonymity: AnonymitySettings = field(default_factory=AnonymitySettings)
    region_of: RegionOf = unknown_region

    def kept(self) -> list[str]:
        """The months that exports can be cut from, oldest first: `2026-01`."""
        if self.kept_folder is None:
            return []
        return sorted(state.parent.name for state in self.kept_folder.glob("*/state.json"))

    def source(self, connect: Callable[[], Server]) -> "Source":
        """Where an export reads from. Raises Fault where tables cannot be made here."""
        need_tables()
        from webapp.analyst.kept_months import KeptMonths  # noqa: PLC0415
        from webapp.analyst.research_source import ResearchSource  # noqa: PLC0415

        kept = KeptMonths(self.kept_folder) if self.kept_folder else None
        return ResearchSource(connect, kept=kept, anonymity=self.anonymity, region_of=self.region_of)
