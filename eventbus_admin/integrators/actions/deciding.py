"""Deciding about a request."""

from django.db import transaction
from django.utils import timezone

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.integrators import mails
from eventbus_admin.integrators.models import MAX_REASON, AccessRequest
from eventbus_admin.registry.bookkeeping import assign, keep
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.lookups import (
    lock_event_type,
    lock_publication,
    lock_service,
    lock_subscription,
)
from eventbus_admin.registry.models import Publication, Subscription
from eventbus_admin.registry.states import Lifecycle
from eventbus_admin.registry.validation import valid_text

State = AccessRequest.State


@transaction.atomic
def approve_request(
    *, actor: Actor, request: AccessRequest | int, reason: str = ""
) -> AccessRequest:
    """Let the service have what it asked for; `reason` is told to it when there is one."""
    return _decide(actor, request, State.APPROVED, reason)


@transaction.atomic
def decline_request(*, actor: Actor, request: AccessRequest | int, reason: str) -> AccessRequest:
    """Do not let the service have what it asked for, and say why."""
    return _decide(actor, request, State.DECLINED, reason)


def _decide(
    actor: Actor, wanted: AccessRequest | int, decision: AccessRequest.State, reason: str
) -> AccessRequest:
    Rights(actor).can_operate("decide about requests").require()
    reason = _valid_answer(reason, required=decision is State.DECLINED)
    request = _found(wanted)
    event_type = lock_event_type(request.event_type)
    lock_service(request.service)
    request = (
        AccessRequest.objects.select_for_update(of=("self",)).with_related().get(pk=request.pk)
    )
    if request.state != State.REQUESTED:
        raise ActionError(
            "already_decided", f"This request is {request.get_state_display().lower()} already."
        )
    if decision is State.APPROVED and event_type.lifecycle == Lifecycle.RETIRED:
        raise ActionError("retired", f"{event_type.name} is retired by now. Decline it.")
    thing = _thing(request)
    before, after = assign(thing, state="active" if decision is State.APPROVED else "declined")
    thing.save()
    request.state, request.answer = decision, reason
    request.decided, request.decided_by = timezone.now(), actor.user
    request.save()
    keep(actor, str(decision), thing, before, {**after, "reason": reason})
    mails.tell_of_decision(request)
    return request


def _valid_answer(reason: str, *, required: bool) -> str:
    reason = valid_text(reason, "reason")
    if required and not reason:
        raise ActionError("missing_reason", "Say why; the one who asked reads it.", "reason")
    if len(reason) > MAX_REASON:
        raise ActionError(
            "invalid_reason", f"The reason is longer than {MAX_REASON} characters.", "reason"
        )
    return reason


def _found(wanted: AccessRequest | int) -> AccessRequest:
    number = wanted if isinstance(wanted, int) else wanted.pk
    found = AccessRequest.objects.with_related().filter(pk=number).first()
    if found is None:
        raise ActionError("unknown_request", f"There is no request {number}.")
    return found


def _thing(request: AccessRequest) -> Publication | Subscription:
    pair = {"service": request.service, "event_type": request.event_type}
    if request.kind == AccessRequest.Kind.PUBLICATION:
        return lock_publication(Publication.objects.get(**pair))
    return lock_subscription(Subscription.objects.get(**pair))
