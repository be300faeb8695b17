"""The worker's numbers for Prometheus, on a port of the loopback interface alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import accumulate

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from anonymizer.backlog import Backlog
from anonymizer.metrics import BOUNDS_S, Durations, Metrics
from couch.errors import Fault

LOOPBACK = "127.0.0.1"
_PREFIX = "survey_anonymizer"


class WorkerCollector(Collector):
    """What a scrape reads; `standing` is counted once a minute by the worker."""

    def __init__(self, metrics: Metrics, backlog: Backlog, standing: Callable[[], dict[str, int]]) -> None:
        self._metrics, self._backlog, self._standing = metrics, backlog, standing

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            f"{_PREFIX}_lag_seconds",
            "For how long the household that waits longest has been waiting.",
            value=self._backlog.lag_s(),
        )
        yield GaugeMetricFamily(
            f"{_PREFIX}_queue_households",
            "Households that wait or are being visited.",
            value=len(self._backlog),
        )
        for name, value in self._standing().items():
            yield GaugeMetricFamily(f"{_PREFIX}_{name}", _STANDING[name], value=value)
        done = CounterMetricFamily(f"{_PREFIX}_events", "What was done, by kind.", labels=["kind"])
        for kind, count in self._metrics.counts().items():
            done.add_metric([kind], count)
        yield done
        took = HistogramMetricFamily(f"{_PREFIX}_duration_seconds", "How long it took.", labels=["what"])
        for what, durations in self._metrics.durations().items():
            took.add_metric([what], _buckets(durations), durations.sum_s)
        yield took


_STANDING = {
    "parked_documents": "Documents of all households that could not be taken and are parked.",
    "erasures_open": "Revocations that are not finished.",
    "slices": "Slices of all households that this worker serves.",
}


def _buckets(durations: Durations) -> list[tuple[str, float]]:
    bounds = [*(str(bound) for bound in BOUNDS_S), "+Inf"]
    return list(zip(bounds, accumulate(durations.counts), strict=True))


@contextmanager
def exposed(port: int, collector: Collector) -> Iterator[int]:
    """Serve the numbers while the block runs; gives the port (0: the system chooses one).

    Raises Fault where the port is taken.
    """
    registry = CollectorRegistry()
    registry.register(collector)
    try:
        server, thread = start_http_server(port, addr=LOOPBACK, registry=registry)
    except OSError as err:
        raise Fault(
            f"the metrics' port {port} cannot be opened ({err.strerror}). Choose another metrics_port."
        ) from err
    try:
        yield int(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
