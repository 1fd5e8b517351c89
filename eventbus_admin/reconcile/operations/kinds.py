"""The kind of a subscription's queue in the registry, which only a replacement may change."""

from django.db import transaction

from bus_core.topology import QueueKind, parse_name
from eventbus_admin.accounts.actor import Actor
from eventbus_admin.registry.bookkeeping import assign, keep
from eventbus_admin.registry.models import Subscription


def subscription_of(queue: str) -> Subscription | None:
    """Return the live subscription whose queue it is."""
    own = parse_name(queue)
    if own is None or own.role != "consumer":
        return None
    live = Subscription.objects.live().with_related()
    return live.named(own.event_type or "", own.service or "").first()


@transaction.atomic
def set_kind(actor: Actor, queue: str, kind: QueueKind | str) -> None:
    """Say in the registry what kind a subscription's queue is to be."""
    subscription = subscription_of(queue)
    if subscription is None:
        return
    before, after = assign(subscription, kind=QueueKind(kind).value)
    if after:
        subscription.save(update_fields=("kind", "changed"))
        keep(actor, "changed", subscription, before, after)
