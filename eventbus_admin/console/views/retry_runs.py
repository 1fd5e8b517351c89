"""A run that sends dead letters again: prepared, sent, handled, failed again."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.carrying import carried_out
from eventbus_admin.deadletters import actions
from eventbus_admin.deadletters.choosing import may_act
from eventbus_admin.deadletters.models import RetryRun, State
from eventbus_admin.deadletters.runs import counts

SHOWN = 20
WATCHED_FOR = timedelta(hours=1)
"""So long after its end a run's page asks what became of what was sent."""


@require_safe
@signed_in
def run(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Show a run; it refreshes itself until all is known."""
    return render(request, "console/dead_letters/run.html", _context(request, pk))


@require_safe
@signed_in
def progress(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Return how far a run is."""
    return render(request, "console/dead_letters/progress.html", _context(request, pk))


@require_POST
@signed_in
def stop(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Have it stop."""
    found = _find(request, pk)
    carried_out(request, actions.stop_run, run=found)
    return redirect("console:retry-run", pk)


@require_POST
@signed_in
def resume(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Have it go on."""
    found = _find(request, pk)
    if (count := carried_out(request, actions.resume_run, run=found)) is not None:
        messages.success(request, f"It goes on with {count:,}.")
    return redirect("console:retry-run", pk)


def _find(request: PersonRequest, pk: UUID) -> RetryRun:
    return get_object_or_404(RetryRun.objects.visible_to(request.user), pk=pk)


def _context(request: PersonRequest, pk: UUID) -> dict[str, object]:
    found = _find(request, pk)
    number = counts(found)
    handled, failed = number.get(State.HANDLED, 0), number.get(State.FAILED_AGAIN, 0)
    on_the_way = number.get(State.RETRIED, 0)
    left = number.get(State.RETRYING, 0) + number.get(State.WAITING, 0)
    gone = number.get(State.DISCARDED, 0) + number.get(State.EDITED, 0)
    sent = handled + failed + on_the_way
    old = found.finished is not None and timezone.now() - found.finished > WATCHED_FOR
    troubles = found.letters.filter(state__in=(State.FAILED_AGAIN, State.WAITING)).light()
    return {
        "run": found,
        "sent": sent,
        "handled": handled,
        "failed": failed,
        "on_the_way": on_the_way,
        "left": left,
        "gone": gone + max(found.total - left - sent - gone, 0),
        "over": handled + failed,
        "watched": found.active or (on_the_way and not old),
        "may_act": may_act(Actor.person(request.user), found),
        "troubles": [] if found.active else troubles.order_by("pk")[:SHOWN],
    }
