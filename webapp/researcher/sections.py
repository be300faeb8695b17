"""The researchers' entries in the navigation, and the pages behind them."""

from couch.names import ADMINISTRATOR, RESEARCHER
from webapp.researcher import chart_pages, pages, report_pages
from webapp.site import Section
from webapp.translation import marked

BLUEPRINTS = (pages.blueprint, report_pages.blueprint, chart_pages.blueprint)
SECTIONS = (
    Section("researcher.households", marked("Households"), frozenset({RESEARCHER, ADMINISTRATOR})),
    Section("reports.reports", marked("Reported mistakes"), frozenset({RESEARCHER})),
    Section("charts.start", marked("Charts"), frozenset({RESEARCHER})),
)
