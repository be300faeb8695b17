"""The administrators' entries in the navigation, and the pages behind them."""

from couch.names import ADMINISTRATOR
from webapp.administrator import account_pages, health_pages, metrics_page
from webapp.site import Section
from webapp.translation import marked

BLUEPRINTS = (health_pages.blueprint, account_pages.blueprint, metrics_page.blueprint)
# Before all other sections: the first one that a role may open is its home.
HEALTH = Section("administrator.health", marked("Health"), frozenset({ADMINISTRATOR}))
ACCOUNTS = Section("administrator_accounts.accounts", marked("Accounts"), frozenset({ADMINISTRATOR}))
