"""Sending a test event to one service only, through its own door."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from bus_core.connecting import open_link
from bus_core.envelope import encode
from bus_core.errors import BusError, InvalidEvent
from bus_core.event import Event
from bus_core.message import Message
from bus_core.topology import service_exchange
from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.audit.recording import record
from eventbus_admin.reconcile.models import ReconcileState, SubscriptionStatus, Sync
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.history import reference
from eventbus_admin.registry.models import Subscription

SENDER = "eventbus-admin"
HEADER = "ce-test"
"""Tells handlers that nothing really happened."""
SECONDS = 5.0
_AWAY = "The broker does not answer. No test event was sent; try again in a moment."


@dataclass(frozen=True)
class TestEvent:
    """What was sent."""

    id: str
    type: str
    to: str
    queue: str


def send_test_event(*, actor: Actor, event_type: str, to: str, payload: Any) -> TestEvent:
    """Put an event into the queue of one live subscription; returns once the broker has it.

    Call it outside of a transaction. Raises `NotAllowed` unless the actor may change the service
    that gets it, and `ActionError` when it has no queue, or the broker does not take the event.
    """
    live = Subscription.objects.live().with_related().select_related("status")
    subscription = live.named(event_type, to).first()
    if subscription is None:
        raise ActionError(
            "unknown_subscription", f"{to} has no live subscription to {event_type}.", "to"
        )
    Rights(actor).can_edit(subscription.service.owner, "send it test events").require()
    _require_queue(subscription)
    try:
        event = Event(event_type, payload)
        message = encode(event, service=SENDER)
    except InvalidEvent as error:
        raise ActionError("invalid_payload", f"{str(error).capitalize()}.", "payload") from error
    _send(subscription, message.with_headers({**message.headers, HEADER: "true"}))
    kind, name = reference(subscription)
    record(
        actor=actor, verb="tested", object_kind=kind, object_name=name, after={"event": event.id}
    )
    return TestEvent(id=event.id, type=event_type, to=to, queue=subscription.queue_name)


def _require_queue(subscription: Subscription) -> None:
    # Without its queue the event would end up among the service's dead letters.
    state = ReconcileState.objects.first()
    if state is None or not state.reachable:
        raise ActionError("broker_away", _AWAY)
    status: SubscriptionStatus | None = getattr(subscription, "status", None)
    if status is None or status.sync in {Sync.MISSING, Sync.UNKNOWN}:
        raise ActionError(
            "not_on_broker", f"{subscription} is not on the broker yet. Try again in a moment."
        )


def _send(subscription: Subscription, message: Message) -> None:
    link = open_link(settings.EVENTBUS_BUS_URL, client_name=f"{SENDER} test event")
    try:
        door = service_exchange(subscription.service.name)
        sending = link.publish(
            door, subscription.queue_name, message, mandatory=True, timeout=SECONDS
        )
        sending.result(SECONDS + 1)
    except (BusError, TimeoutError) as error:
        raise ActionError("broker_away", _AWAY) from error
    finally:
        link.close(1)
