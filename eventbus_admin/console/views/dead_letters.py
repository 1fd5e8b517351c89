"""Dead letters: by cause, all of one cause, and acting on many of them."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.carrying import carried_out
from eventbus_admin.console.dead_letters import (
    SINCE,
    chosen_by,
    may_act_on,
    place_of,
    sparks,
    wanted_by,
)
from eventbus_admin.console.filters import options, tokens
from eventbus_admin.console.paging import keyset_page
from eventbus_admin.console.sights import sight_for
from eventbus_admin.deadletters import actions
from eventbus_admin.deadletters.models import Cause, DeadLetter, RetryRun, State
from eventbus_admin.deadletters.querysets import DeadLetterQuerySet
from eventbus_admin.deadletters.showing import without_hidden_texts

RUNS = 8
_TAKEN_OFF = (("type", "Event type"), ("service", "Service"))


@require_safe
@signed_in
def listing(request: PersonRequest) -> HttpResponse:
    """Show what waits, by cause, the cause of the latest first."""
    visible = DeadLetter.objects.visible_to(request.user)
    sight = sight_for(request)
    waiting = visible.waiting().matching(wanted_by(request), sight=sight)
    page = keyset_page(
        Cause.objects.behind(waiting), request, ("newest",), descending=True, size=25
    )
    # Counted for the causes of this page only, of which there may be thousands.
    shown = Cause.objects.filter(pk__in=[one.pk for one in page.rows])
    causes = shown.of(waiting).select_related("service").order_by("-newest")
    context = {
        **_frame(request, waiting),
        "page": page,
        "causes": without_hidden_texts(causes, sight),
        "carried": _carried(request),
        "sparks": sparks(waiting, page.rows),
        "any": bool(page.rows) or visible.exists(),
        "runs": RetryRun.objects.visible_to(request.user)[:RUNS],
        "ingests": settings.EVENTBUS_INGEST_DEAD_LETTERS,
    }
    return render(request, "console/dead_letters/list.html", context)


@require_safe
@signed_in
def cause(request: PersonRequest, pk: int) -> HttpResponse:
    """List the dead letters of one cause."""
    found = get_object_or_404(
        Cause.objects.visible_to(request.user).select_related("service__owner"), pk=pk
    )
    sight = sight_for(request)
    without_hidden_texts([found], sight)
    letters = DeadLetter.objects.filter(cause=found).matching(wanted_by(request), sight=sight)
    counts = dict(letters.order_by().values_list("state").annotate(number=Count("pk")))
    state = request.GET.get("state") or State.WAITING
    context = {
        **_frame(request, letters.waiting()),
        "cause": found,
        "hidden": not sight.shows(found.event_type),
        "page": keyset_page(letters.filter(state=state).light(), request, ("id",), descending=True),
        "states": options(
            request,
            "state",
            [one for one in State.choices[1:] if counts.get(one[0]) or one[0] == state],
            everything="Waiting",
            counts={**counts, "": counts.get(State.WAITING, 0)},
        ),
        "state": state,
        "choosable": state == State.WAITING,
    }
    return render(request, "console/dead_letters/cause.html", context)


@require_POST
@signed_in
def retry(request: PersonRequest) -> HttpResponse:
    """Have the chosen ones sent again."""
    chosen = chosen_by(request)
    if chosen.ids is not None and not chosen.ids:
        return _nothing_chosen(request)
    careful = "careful" in request.POST
    run = carried_out(request, actions.retry_dead_letters, chosen=chosen, careful=careful)
    return redirect("console:retry-run", run.pk) if run else redirect(place_of(request))


@require_POST
@signed_in
def discard(request: PersonRequest) -> HttpResponse:
    """Put the chosen ones aside."""
    chosen = chosen_by(request)
    if chosen.ids is not None and not chosen.ids:
        return _nothing_chosen(request)
    done = carried_out(request, actions.discard_dead_letters, chosen=chosen)
    if done is not None:
        said = f"{done.count:,} dead letter{'s' if done.count > 1 else ''} discarded."
        undo = reverse("console:dead-letters-restore", args=[done.id])
        messages.success(request, said, extra_tags=undo)
    return redirect(place_of(request))


@require_POST
@signed_in
def restore(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Let what was discarded together wait again."""
    count = carried_out(request, actions.undo_discard, discard=pk)
    if count is not None:
        one = count == 1
        messages.success(
            request, f"{count:,} dead letter{'' if one else 's'} wait{'s' if one else ''} again."
        )
    return redirect(place_of(request))


def _frame(request: PersonRequest, waiting: DeadLetterQuerySet) -> dict[str, object]:
    """Return what both lists need: how many are meant, and whether one may act on all of them."""
    return {
        "waiting": waiting.count(),
        "may_act": may_act_on(Actor.person(request.user), waiting),
        "since": options(request, "since", SINCE, everything="Any time"),
        "tokens": tokens(request, _TAKEN_OFF),
    }


def _carried(request: PersonRequest) -> str:
    """Return the filters that mean something on a cause's own page too."""
    query = request.GET.copy()
    for name in [name for name in query if name not in {"q", "since"} or not query[name]]:
        del query[name]
    return query.urlencode()


def _nothing_chosen(request: PersonRequest) -> HttpResponse:
    messages.warning(request, "Nothing was chosen. Tick what is meant.")
    return redirect(place_of(request))
