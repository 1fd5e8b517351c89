"""`Logs`: a line in the log for each event that was published or handled."""

import logging
from typing import Any

from bus_core.event import Event
from bus_core.middleware.base import Attempt, Middleware, Outcome, Publication, publish_outcome

_WORDS = {
    "published": "published",
    "failed": "could not publish",
    "unknown": "does not know whether it published",
    "handled": "handled",
    "retried": "will handle again",
    "dead": "gave up",
}


class Logs(Middleware):
    """Logs to `bus_core.events`, or to the given logger.

    What went well is logged at INFO, the rest at WARNING. A record has the attributes `event_id`,
    `event_type`, `service`, `correlation_id`, `causation_id`, `outcome` and `ms`; also `attempts`
    when it was handled, and `error` when it failed.
    """

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._logger = logger or logging.getLogger("bus_core.events")

    def published(
        self, publication: Publication, error: BaseException | None, seconds: float
    ) -> None:
        """Log that an event went out, or why it did not."""
        fields = {} if error is None else {"error": str(error) or type(error).__name__}
        outcome = publish_outcome(error)
        self._log(publication.event, publication.service, outcome, seconds, fields)

    def handled(self, attempt: Attempt, outcome: Outcome) -> None:
        """Log what became of an event."""
        fields: dict[str, Any] = {"attempts": attempt.number}
        if outcome.error:
            fields["error"] = outcome.error
        self._log(attempt.event, attempt.service, outcome.name, outcome.seconds, fields)

    def _log(
        self, event: Event, service: str, outcome: str, seconds: float, fields: dict[str, Any]
    ) -> None:
        well = outcome in {"published", "handled"}
        level = logging.INFO if well else logging.WARNING
        if not self._logger.isEnabledFor(level):
            return
        ms = round(seconds * 1000, 3)
        last_line = fields.get("error", "").rstrip().rpartition("\n")[2]
        self._logger.log(
            level,
            "%s %s %s (%g ms)%s",
            service,
            _WORDS[outcome],
            event.id,
            ms,
            f": {last_line}" if last_line else "",
            extra={
                "event_id": event.id,
                "event_type": event.type,
                "service": service,
                "correlation_id": event.correlation_id,
                "causation_id": event.causation_id,
                "outcome": outcome,
                "ms": ms,
                **fields,
            },
        )
