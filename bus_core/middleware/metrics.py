"""`Metrics`: counts and durations for Prometheus. It needs the extra `bus-core[metrics]`."""

from collections.abc import Callable
from typing import Any

from bus_core.middleware.base import Attempt, Middleware, Outcome, Publication, publish_outcome

try:
    from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
except ImportError as error:
    raise ImportError(
        "bus_core.middleware.metrics needs prometheus-client: pip install 'bus-core[metrics]'"
    ) from error

TYPES = 500
"""So many types of events get a label of their own; those that come later share one."""
OTHER = "other"


class Metrics(Middleware):
    """Counts in the given registry, by default the one of the process.

    A second one in the same registry is a `ValueError`: let all buses of a process share one.
    """

    def __init__(
        self,
        registry: CollectorRegistry = REGISTRY,
        *,
        buckets: tuple[float, ...] = Histogram.DEFAULT_BUCKETS,
    ) -> None:
        labels = ("event_type", "service")
        self._types: set[str] = set()
        self._published = Counter(
            "bus_core_published",
            "Events published, by outcome: published, failed, unknown.",
            (*labels, "outcome"),
            registry=registry,
        )
        self._publish_seconds = Histogram(
            "bus_core_publish_seconds",
            "From sending an event until the broker has it.",
            labels,
            registry=registry,
            buckets=buckets,
        )
        self._handled = Counter(
            "bus_core_handled",
            "Attempts to handle an event, by outcome: handled, retried, dead.",
            (*labels, "outcome"),
            registry=registry,
        )
        self._handle_seconds = Histogram(
            "bus_core_handle_seconds",
            "How long handlers ran.",
            labels,
            registry=registry,
            buckets=buckets,
        )
        self._handling = Gauge(
            "bus_core_handling",
            "Handlers that run now.",
            labels,
            registry=registry,
            multiprocess_mode="livesum",
        )

    def published(
        self, publication: Publication, error: BaseException | None, seconds: float
    ) -> None:
        """Count an event that was to go out."""
        event_type, service = self._known(publication.event.type), publication.service
        self._published.labels(event_type, service, publish_outcome(error)).inc()
        if error is None:
            self._publish_seconds.labels(event_type, service).observe(seconds)

    def handle(self, attempt: Attempt, call_next: Callable[[], Any]) -> Any:
        """Count what runs."""
        with self._handling.labels(*_labels(attempt)).track_inprogress():
            return call_next()

    def handled(self, attempt: Attempt, outcome: Outcome) -> None:
        """Count what became of it."""
        self._handled.labels(*_labels(attempt), outcome.name).inc()
        if outcome.seconds:
            self._handle_seconds.labels(*_labels(attempt)).observe(outcome.seconds)

    def _known(self, event_type: str) -> str:
        """Return the label for a type; a service that makes up types must not fill the memory."""
        if event_type in self._types:
            return event_type
        if len(self._types) >= TYPES:
            return OTHER
        self._types.add(event_type)
        return event_type


def _labels(attempt: Attempt) -> tuple[str, str]:
    # The subscription's type: the event's own was written by somebody else.
    return attempt.subscription.event_type, attempt.service
