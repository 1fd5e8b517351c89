"""One subscription: how it is doing, and what one may do with it."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.console import activity, snippets
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.carrying import carried_out
from eventbus_admin.console.context import Shell
from eventbus_admin.console.forms import SubscriptionChangeForm
from eventbus_admin.console.sights import sight_for
from eventbus_admin.journal.models import JournalEntry, Outcome
from eventbus_admin.journal.reads import workers_present
from eventbus_admin.reconcile.actions import wait_until_applied
from eventbus_admin.reconcile.wording import arrival, condition, status_of
from eventbus_admin.registry import actions
from eventbus_admin.registry.models import Subscription
from eventbus_admin.registry.revision import current_revision
from eventbus_admin.registry.states import LIVE_STATES
from eventbus_admin.registry.trail import history_visible_to

EVENTS = 8
GAVE_UP = 5


@require_safe
@signed_in
def detail(request: PersonRequest, event_type: str, service: str) -> HttpResponse:
    """Show one subscription; what changes by itself refreshes itself."""
    subscription = _find(request, event_type, service)
    context = {
        **_state(request, subscription),
        "chart": activity.hour_chart(event_type),
        "history": history_visible_to(request.user, subscription)[:8],
        "snippet": snippets.subscriber(event_type, service, declares=subscription.service.declares),
    }
    return render(request, "console/subscription/page.html", context)


@require_safe
@signed_in
def live(request: PersonRequest, event_type: str, service: str) -> HttpResponse:
    """Return what changes by itself as it is now."""
    subscription = _find(request, event_type, service)
    return render(request, "console/subscription/live.html", _state(request, subscription))


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: PersonRequest, event_type: str, service: str) -> HttpResponse:
    """Change how it is worked on."""
    subscription = _find(request, event_type, service)
    kept = {
        "retry_attempts": subscription.retry_attempts,
        "retry_delays_ms": [str(delay) for delay in subscription.retry_delays_ms],
        "prefetch": subscription.prefetch,
        "concurrency": subscription.concurrency,
    }
    form = SubscriptionChangeForm(request.POST or None, initial=kept)
    changed = form.carry_out(actions.change_subscription, request.user, subscription=subscription)
    if changed is not None:
        messages.success(request, "Changed. Its workers are told as soon as the broker answers.")
        return redirect("console:subscription", event_type, service)
    may_edit = Rights(Actor.person(request.user)).can_edit(subscription.service.owner)
    context = {"form": form, "subscription": subscription, "may_edit": may_edit}
    return render(request, "console/subscription/edit.html", context)


@require_POST
@signed_in
def pause(request: PersonRequest, event_type: str, service: str) -> HttpResponse:
    """Stop its workers; its events wait."""
    said = f"{service} is paused for {event_type}: its events wait in its queue."
    return _act(request, actions.pause_subscription, event_type, service, said)


@require_POST
@signed_in
def resume(request: PersonRequest, event_type: str, service: str) -> HttpResponse:
    """Let its workers go on."""
    said = f"Resumed: the workers of {service} take {event_type} events again."
    return _act(request, actions.resume_subscription, event_type, service, said)


@require_POST
@signed_in
def retire(request: PersonRequest, event_type: str, service: str) -> HttpResponse:
    """End it."""
    said = f"{service} no longer listens to {event_type}."
    return _act(request, actions.retire_subscription, event_type, service, said)


def _act(
    request: PersonRequest,
    action: Callable[..., Subscription],
    event_type: str,
    service: str,
    said: str,
) -> HttpResponse:
    subscription = _find(request, event_type, service)
    if carried_out(request, action, subscription=subscription):
        messages.success(request, said)
        wait_until_applied(current_revision())
    return redirect("console:subscription", event_type, service)


def _find(request: PersonRequest, event_type: str, service: str) -> Subscription:
    visible = Subscription.objects.visible_to(request.user)
    return get_object_or_404(
        visible.with_related().select_related("status"),
        event_type__name=event_type,
        service__name=service,
    )


def _state(request: PersonRequest, subscription: Subscription) -> dict[str, object]:
    event_type, service = subscription.event_type.name, subscription.service.name
    state = Shell(request).state
    workers = workers_present().filter(service=service)
    # What was published before it existed never reached it.
    came = JournalEntry.objects.filter(type=event_type, seen__gte=subscription.created)
    entries = list(came[:EVENTS])
    sight = sight_for(request)
    outcomes = {
        outcome.event_id: sight.outcome(outcome)
        for outcome in Outcome.objects.filter(
            service=service, event_id__in=[entry.event_id for entry in entries]
        )
    }
    gave_up = Outcome.objects.filter(event_type=event_type, service=service, outcome="dead")
    return {
        "subscription": subscription,
        "status": status_of(subscription),
        "condition": condition(subscription),
        "arrival": arrival(subscription, state),
        "observed_at": state.observed_at if state else None,
        "workers": [
            worker for worker in workers if event_type in (*worker.subscriptions, *worker.paused)
        ],
        "events": [(entry, outcomes.get(entry.event_id)) for entry in entries],
        "gave_up": [sight.outcome(one) for one in gave_up[:GAVE_UP]],
        "is_live": subscription.state in LIVE_STATES,
        "may_edit": Rights(Actor.person(request.user)).can_edit(subscription.service.owner),
    }
