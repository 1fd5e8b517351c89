"""Adopting: the registry says from now on what is on the broker; the broker is not touched."""

from collections.abc import Collection

from django.conf import settings
from django.db import transaction

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.models import Team
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.audit.recording import audit_group
from eventbus_admin.reconcile.adoption import Adoption, Known, adoption_of
from eventbus_admin.reconcile.models import BrokerObject, Sync
from eventbus_admin.reconcile.objects import ObjectKind
from eventbus_admin.reconcile.stored_plan import chosen_of
from eventbus_admin.registry import actions
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import EventType, Lifecycle, Service

_STATES = (Sync.UNMANAGED, Sync.BLOCKED)


def what_adopting_means(steps: Collection[str]) -> Adoption:
    """Return what the registry would take over with these objects, given by id or by name.

    Raises `ActionError` when one of them is not there, or all of them are things about which the
    registry can say nothing.
    """
    wanted = frozenset(steps)
    rows = chosen_of(BrokerObject.objects.filter(sync__in=_STATES).order_by("kind", "name"), wanted)
    if not rows:
        first = next(iter(sorted(wanted)), "nothing")
        raise ActionError("unknown_step", f"There is no {first[:200]} to adopt.", "steps")
    return _adoption(rows)


def adoptions_by_service(most: int) -> tuple[list[tuple[str, Adoption]], int]:
    """Return the first services that the registry does not know, and how many more there are.

    With each comes what it has on the broker.
    """
    unmanaged = BrokerObject.objects.filter(sync=Sync.UNMANAGED).exclude(service_name="")
    unknown = unmanaged.exclude(service_name__in=Service.objects.order_by().values("name"))
    named = unknown.order_by("service_name").values_list("service_name", flat=True).distinct()
    names = list(named)
    found: dict[str, list[BrokerObject]] = {name: [] for name in names[:most]}
    if not found:
        return [], 0
    rows = list(unmanaged.filter(service_name__in=found).order_by("kind", "name"))
    for row in rows:
        found[row.service_name].append(row)
    # Of the registry and of the broker only what concerns these: there may be thousands.
    about = {*found, *(row.event_type_name for row in rows)}
    known, queues = _known(name__in=about), _queues(service_name__in=found)
    adoptions = (
        (name, adoption_of(((row.kind, row) for row in rows), queues, known))
        for name, rows in found.items()
    )
    return [(name, adoption) for name, adoption in adoptions if adoption], len(names) - len(found)


@transaction.atomic
def adopt(*, actor: Actor, steps: Collection[str], owner: Team | str | None = None) -> Adoption:
    """Register what is on the broker, as it is there; nothing happens to the broker.

    `steps` are objects by id (`queue consumer__T__S`) or name; with a subscription come its event
    type and its service. What is new belongs to the team `owner`.

    Raises `NotAllowed` unless the actor operates the installation, and `ActionError` when nothing
    of it can be adopted or the team is missing.
    """
    Rights(actor).can_operate("adopt what is on the broker").require()
    adoption = what_adopting_means(steps)
    if not adoption:
        raise ActionError("not_adoptable", _refusal(adoption), "steps")
    if adoption.needs_owner and not owner:
        raise ActionError("invalid_owner", "Choose the team that shall own what is new.", "owner")
    with audit_group():
        _carry_out(actor, adoption, owner or "")
    return adoption


def _carry_out(actor: Actor, adoption: Adoption, owner: Team | str) -> None:
    for name in adoption.event_types:
        if EventType.objects.filter(name=name).exists():
            actions.set_lifecycle(actor=actor, event_type=name, lifecycle=Lifecycle.ACTIVE)
        else:
            actions.create_event_type(actor=actor, name=name, owner=owner)
    for name in adoption.services:
        actions.create_service(actor=actor, name=name, owner=owner)
    ladder = settings.EVENTBUS_RETRY_DELAYS_MS
    for one in adoption.subscriptions:
        actions.adopt_subscription(
            actor=actor,
            service=one.service,
            event_type=one.event_type,
            kind=one.kind,
            retry_delays_ms=[delay for delay in one.delays_ms if delay in ladder] or None,
        )


def _refusal(adoption: Adoption) -> str:
    if adoption.left:
        return f"The registry has no words for {adoption.left[0][:200]}, so it cannot be adopted."
    return "The registry knows it already: approve what its service asked for."


def _adoption(rows: Collection[BrokerObject]) -> Adoption:
    return adoption_of(((row.kind, row) for row in rows), _queues(), _known())


def _known(**of: object) -> Known:
    live = EventType.objects.filter(**of).exclude(lifecycle=Lifecycle.RETIRED)
    return Known(
        event_types=frozenset(live.values_list("name", flat=True)),
        services=frozenset(Service.objects.filter(**of).values_list("name", flat=True)),
    )


def _queues(**of: object) -> dict[str, BrokerObject]:
    """Return the queues on the broker from which a subscription can be read."""
    rows = BrokerObject.objects.filter(kind=ObjectKind.QUEUE, **of).exclude(sync=Sync.MISSING)
    return {row.name: row for row in rows.only("kind", "name", "sync", "found")}
