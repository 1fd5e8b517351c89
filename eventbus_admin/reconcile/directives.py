"""Telling the workers of each service what the registry says, through their control streams."""

import hashlib
from collections.abc import Iterable, Mapping
from concurrent.futures import Future

import structlog

from bus_core.control import Directives
from bus_core.errors import BusError
from bus_core.link import Link
from bus_core.message import Message
from bus_core.topology import control_stream, parse_name
from eventbus_admin.reconcile.cycle import Round
from eventbus_admin.reconcile.desired import directives_of
from eventbus_admin.reconcile.models import Sync
from eventbus_admin.reconcile.objects import ObjectKind
from eventbus_admin.reconcile.plan import Item, Plan

SECONDS = 10.0

logger = structlog.get_logger(__name__)


class DirectiveSender:
    """Sends each service its directives when they changed since the last that it got.

    What was sent is remembered here and nowhere else: a new leader sends all of them once, which
    only repeats what the streams say already. A stream that was missing is new and empty when it
    is back, so it gets them again. Sending holds up nobody: whether the broker confirmed is seen
    at the next round, and what it did not is sent again then.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._sent: dict[str, str] = {}
        """Per service a digest of what was sent last, confirmed or not yet."""
        self._sending: list[tuple[str, str, Future[None]]] = []

    def follow(self, done: Round) -> None:
        """Send what a round makes necessary."""
        self._settle()
        for service in (*_without_stream(done.before), *_without_stream(done.plan)):
            self._sent.pop(service, None)
        if done.seen is not None:
            self.send(directives_of(done.wishes), _with_stream(done.plan))

    def send(self, told: Mapping[str, Directives], reachable: Iterable[str]) -> None:
        """Send those of `told` that changed, to services whose stream is there."""
        for service in reachable:
            if service in told:
                message = told[service].encode()
                digest = hashlib.sha256(message.body).hexdigest()
                if self._sent.get(service) != digest:
                    self._send(service, digest, message)

    def _send(self, service: str, digest: str, message: Message) -> None:
        try:
            sending = self._link.publish(
                "", control_stream(service), message, mandatory=True, timeout=SECONDS
            )
        except BusError as error:
            logger.warning("directives not sent", service=service, error=str(error))
        else:
            self._sent[service] = digest
            self._sending.append((service, digest, sending))

    def _settle(self) -> None:
        """Forget what the broker did not take."""
        ended = [one for one in self._sending if one[2].done()]
        self._sending = [one for one in self._sending if not one[2].done()]
        for service, digest, sending in ended:
            if (error := sending.exception()) is None:
                continue
            logger.warning("directives not sent", service=service, error=str(error))
            if self._sent.get(service) == digest:
                del self._sent[service]


def _without_stream(plan: Plan) -> Iterable[str]:
    return _services(one for one in plan.items if one.sync is Sync.MISSING)


def _with_stream(plan: Plan) -> Iterable[str]:
    return _services(one for one in plan.items if one.found is not None)


def _services(items: Iterable[Item]) -> list[str]:
    names = [parse_name(one.name) for one in items if one.object is ObjectKind.QUEUE]
    return [one.service for one in names if one and one.role == "control" and one.service]
