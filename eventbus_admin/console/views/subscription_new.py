"""A new subscription, with a preview of what it means while one types."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from bus_core.errors import InvalidName
from bus_core.names import check_name
from bus_core.topology import QueueKind, Topology, service_topology, subscription_topology
from eventbus_admin.console import snippets
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.carrying import may_own
from eventbus_admin.console.forms import KIND_HELP, SubscriptionForm
from eventbus_admin.console.sights import sight_for
from eventbus_admin.journal.reads import last_rows
from eventbus_admin.journal.rows import EventFilter
from eventbus_admin.reconcile.actions import wait_until_applied
from eventbus_admin.reconcile.models import BrokerObject, Sync
from eventbus_admin.registry.actions import create_subscription
from eventbus_admin.registry.models import EventType, Service, Subscription
from eventbus_admin.registry.revision import current_revision
from eventbus_admin.registry.states import Lifecycle

OFFERED_NAMES = 500


@require_http_methods(["GET", "POST"])
@signed_in
def create(request: PersonRequest) -> HttpResponse:
    """Let a service listen to an event type, then wait a moment for the broker."""
    given = {name: request.GET[name] for name in ("service", "event_type") if name in request.GET}
    form = SubscriptionForm(request.POST or None, initial=given)
    subscription = form.carry_out(create_subscription, request.user)
    if subscription is not None:
        _tell(request, subscription)
        return redirect(
            "console:subscription", subscription.event_type.name, subscription.service.name
        )
    kinds = [(radio, KIND_HELP[QueueKind(radio.data["value"])]) for radio in form["kind"]]
    context = {
        "form": form,
        "kinds": kinds,
        "may_create": may_own(request.user),
        "service_names": Service.objects.visible_to(request.user).values_list("name", flat=True)[
            :OFFERED_NAMES
        ],
        "event_type_names": EventType.objects.visible_to(request.user)
        .exclude(lifecycle=Lifecycle.RETIRED)
        .values_list("name", flat=True)[:OFFERED_NAMES],
        **_preview(request, {**given, **request.POST.dict()}),
    }
    return render(request, "console/subscription_new/page.html", context)


@require_safe
@signed_in
def preview(request: PersonRequest) -> HttpResponse:
    """Return what a subscription with these values would be."""
    values = request.GET.dict()
    delays = request.GET.getlist("retry_delays_ms")
    return render(
        request, "console/subscription_new/preview.html", _preview(request, values, delays)
    )


@dataclass(frozen=True)
class Creation:
    """One object on the broker that a subscription needs."""

    kind: str
    name: str
    says: str
    exists: bool


def _tell(request: PersonRequest, subscription: Subscription) -> None:
    if wait_until_applied(current_revision()):
        messages.success(request, f"{subscription} is live on the broker.")
    else:
        messages.warning(
            request,
            f"{subscription} is stored. It will be applied as soon as the broker answers.",
        )


def _preview(
    request: PersonRequest, values: dict[str, str], delays: list[str] | None = None
) -> dict[str, object]:
    service, event_type = values.get("service", "").strip(), values.get("event_type", "").strip()
    if not service or not event_type:
        return {"incomplete": True}
    try:
        check_name(event_type, "event type")
        check_name(service, "service name")
    except InvalidName as error:
        return {"incomplete": True, "problem": str(error)}
    services = Service.objects.visible_to(request.user)
    event_types = EventType.objects.visible_to(request.user)
    kind = values.get("kind", "")
    topology = service_topology(
        service, [int(delay) for delay in delays or [] if delay.isdecimal()]
    ) + subscription_topology(
        event_type, service, QueueKind(kind) if kind in set(QueueKind) else QueueKind.QUORUM
    )
    return {
        "incomplete": False,
        "creations": _creations(topology, f"consumer__{event_type}__{service}"),
        "snippet": snippets.subscriber(event_type, service),
        "would_have": list(
            reversed(last_rows(EventFilter(type=event_type), sight=sight_for(request), limit=5))
        ),
        "event_type_name": event_type,
        "service_name": service,
        "unknown_service": not services.filter(name=service).exists(),
        "unknown_event_type": not event_types.filter(name=event_type).exists(),
    }


def _creations(topology: Topology, own_queue: str) -> list[Creation]:
    queues = sorted(topology.queues, key=lambda queue: queue.name != own_queue)
    there = set(
        BrokerObject.objects.filter(kind="queue", name__in=[queue.name for queue in queues])
        .exclude(sync=Sync.MISSING)
        .values_list("name", flat=True)
    )
    said = {
        "consumer": "its events wait here",
        "dead": "what gave up waits here for a person",
        "retry": "what failed waits here for its next try",
        "control": "what its workers are told",
    }
    return [
        Creation("queue", queue.name, said[queue.name.split("__")[0]], queue.name in there)
        for queue in queues
    ]
