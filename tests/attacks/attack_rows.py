"""The table of attacks; `attack_row` says what a row is."""

from attack_row import Attack
from rows_of_administration import BESIDE, administering
from rows_of_consent import granting, undoing
from rows_of_facts import CENTRE_DOCUMENTS, FILES
from rows_of_readings import FORGERIES, measuring
from rows_of_the_erased import against_the_erased
from rows_on_the_device import AT_HOME


def rows() -> list[Attack]:
    return [
        *undoing(),
        *granting(),
        *measuring(),
        *FORGERIES,
        *CENTRE_DOCUMENTS,
        *FILES,
        *against_the_erased(),
        *administering(),
        *BESIDE,
        *AT_HOME,
    ]
