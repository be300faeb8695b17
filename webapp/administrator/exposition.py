"""The numbers of the whole survey for Prometheus: counts and times; no name, no household, no device."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import accumulate
from typing import TypeVar

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric

from couch.documents import ConsentState, HouseholdSummary
from webapp.accounts.account import Account
from webapp.administrator.centre_state import CentreState, CentreTrouble
from webapp.administrator.fleet import Fleet, Standing
from webapp.administrator.troubles import Kind

K = TypeVar("K", bound=str)
LAG_BOUNDS_S = (1800, 3600, 7200, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400)


def database_up(up: bool) -> Metric:
    """Whether the other numbers could be read at all."""
    return GaugeMetricFamily(
        "survey_database_up", "1 while the central database answers the pages.", value=int(up)
    )


def fleet_metrics(fleet: Fleet, households: Iterable[HouseholdSummary], now: datetime) -> Iterator[Metric]:
    """Of devices and households."""
    yield _by("survey_devices", "Devices by where they stand.", "standing", fleet.standings, Standing)
    yield _by("survey_device_troubles", "Devices that have this trouble.", "kind", fleet.kinds, Kind)
    known = list(households)
    consents = Counter(one.consent for one in known)
    yield _by("survey_households", "Households by consent.", "consent", consents, ConsentState)
    devices = [health.device for health in fleet]
    for name, text, amounts in (
        ("backlog", "Documents that devices say wait to be sent.", (each.backlog for each in devices)),
        ("refused", "Documents that devices say were refused.", (each.refused for each in devices)),
        ("conflicting", "Conflicting documents that devices report.", (each.conflicts for each in devices)),
    ):
        yield GaugeMetricFamily(f"survey_{name}_documents", text, value=sum(n or 0 for n in amounts))
    granted = [one for one in known if one.consent is ConsentState.GRANTED]
    yield GaugeMetricFamily(
        "survey_households_never_measured",
        "Households that granted consent and of which no measurement has arrived.",
        value=sum(one.last_slot is None for one in granted),
    )
    yield _lags((now - one.last_slot).total_seconds() for one in granted if one.last_slot is not None)


def centre_metrics(centre: CentreState) -> Iterator[Metric]:
    """Of the worker and its queue."""
    alive = centre.alive
    states = Counter({"alive": alive, "silent": len(centre.workers) - alive})
    yield _by("survey_workers", "Workers that registered.", "state", states, states)
    leases = Counter({"held": centre.slices - centre.free_slices, "free": centre.free_slices})
    yield _by("survey_worker_leases", "Slices of all households.", "state", leases, leases)
    yield GaugeMetricFamily(
        "survey_worker_queue_households", "Households that wait for a worker.", value=centre.waiting
    )
    yield GaugeMetricFamily(
        "survey_worker_lag_seconds",
        "For how long the household that waits longest has been waiting.",
        value=centre.lag.total_seconds(),
    )
    yield GaugeMetricFamily(
        "survey_parked_documents",
        "Documents that a worker could not take.",
        value=sum(len(each.parked) for each in centre.parked),
    )
    erasures = Counter(
        {
            "open": len(centre.open_erasures),
            "unconfirmed": len(centre.unconfirmed),
            "standing_still": len(centre.standing_still),
        }
    )
    yield _by("survey_erasures", "Erasures that are not at their end.", "state", erasures, erasures)
    troubles = Counter(centre.troubles)
    yield _by("survey_centre_troubles", "1 while the centre has it.", "kind", troubles, CentreTrouble)


def account_metrics(accounts: Iterable[Account]) -> Iterator[Metric]:
    """Of those who may sign in."""
    states = Counter(one.state for one in accounts)
    yield _by("survey_accounts", "Accounts by state.", "state", states, ("active", "invited", "disabled"))


def _by(name: str, text: str, label: str, counted: Mapping[K, int], all_: Iterable[K]) -> Metric:
    """One number for each possible value, so that an alert sees a nought and not a hole."""
    family = GaugeMetricFamily(name, text, labels=[label])
    for value in all_:
        family.add_metric([str(value)], counted.get(value, 0))
    return family


def _lags(lags_s: Iterable[float]) -> Metric:
    counts, total = [0] * (len(LAG_BOUNDS_S) + 1), 0.0
    for lag_s in lags_s:
        counts[bisect_left(LAG_BOUNDS_S, lag_s)] += 1
        total += lag_s
    bounds = [*map(str, LAG_BOUNDS_S), "+Inf"]
    return HistogramMetricFamily(
        "survey_measurement_lag_seconds",
        "Age of the newest measurement at the centre, of each household that granted consent.",
        buckets=list(zip(bounds, accumulate(counts), strict=True)),
        sum_value=total,
    )
