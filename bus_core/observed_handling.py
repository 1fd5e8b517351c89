"""`ObservedHandler`: handling deliveries with middleware around it."""

from bus_core.bus import Handler, SubscriptionSpec
from bus_core.django_connections import with_fresh_connections
from bus_core.envelope import Envelope
from bus_core.event import Handling, handling
from bus_core.handlers import check_answer
from bus_core.handling import DeliveryHandler, Failure, failure_of
from bus_core.link import Link
from bus_core.message import Delivery
from bus_core.middleware import Attempt, Outcome
from bus_core.middleware.chain import Chain
from bus_core.outcome import OutcomeName
from bus_core.reporter import Reporter


class ObservedHandler(DeliveryHandler):
    """A class of its own, so that a bus without middleware has nothing to ask for each event."""

    def __init__(
        self,
        link: Link,
        service: str,
        spec: SubscriptionSpec,
        run: Handler,
        reporter: Reporter,
        chain: Chain,
    ) -> None:
        super().__init__(link, service, spec, run, reporter)
        self._chain = chain
        self._through = with_fresh_connections(chain.around(run))

    def _call(self, delivery: Delivery, envelope: Envelope, attempts: int) -> Failure | None:
        token = handling.set(Handling(envelope.event, self._service))
        try:
            answer = self._through(self._described(delivery, envelope, attempts))
            if answer is not None:
                check_answer(answer)
        except BaseException as error:  # noqa: BLE001 - as without middleware
            return failure_of(error)
        finally:
            handling.reset(token)
        return None

    def _report(
        self,
        delivery: Delivery,
        envelope: Envelope,
        outcome: OutcomeName,
        attempts: int,
        ms: float,
        error: str = "",
    ) -> None:
        super()._report(delivery, envelope, outcome, attempts, ms, error)
        attempt = self._described(delivery, envelope, attempts)
        self._chain.handled(attempt, Outcome(name=outcome, seconds=ms / 1000, error=error))

    def _described(self, delivery: Delivery, envelope: Envelope, number: int) -> Attempt:
        return Attempt(
            event=envelope.event,
            subscription=self.spec,
            service=self._service,
            queue=self.queue,
            headers=delivery.message.headers,
            number=number,
        )
