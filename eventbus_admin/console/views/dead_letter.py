"""One dead letter: why it gave up, what it holds, what was done about it."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.dead_letters import shown_body, shown_headers
from eventbus_admin.console.links import event_page
from eventbus_admin.console.sights import sight_for
from eventbus_admin.deadletters import wire
from eventbus_admin.deadletters.actions import edit_and_retry
from eventbus_admin.deadletters.editing import editable_text
from eventbus_admin.deadletters.models import DeadLetter, State
from eventbus_admin.deadletters.showing import hide_cause, is_shown
from eventbus_admin.journal.sight import error_name
from eventbus_admin.registry.errors import ActionError


@dataclass(frozen=True)
class Moment:
    """One thing that happened to it."""

    at: datetime | None
    tone: str
    sentence: str
    url: str | None = None


@require_safe
@signed_in
def detail(request: PersonRequest, pk: int) -> HttpResponse:
    """Show one dead letter; while it is on its way again the page refreshes itself."""
    letter = _find(request, pk)
    sight = sight_for(request)
    shown = is_shown(letter, sight)
    context = {
        "letter": hide_cause(letter, sight),
        "hidden": not shown,
        "error": letter.error if shown else error_name(letter.error),
        "body": shown_body(letter) if shown else None,
        "headers": shown_headers(letter) if shown else [],
        "moments": _moments(letter),
        "waits": letter.state == State.WAITING,
        "may_act": Rights(Actor.person(request.user)).can_edit(
            letter.service.owner, "act on this dead letter"
        ),
        "event_url": event_page(letter.event_id) if letter.event_id else None,
    }
    return render(request, "console/dead_letters/one.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: PersonRequest, pk: int) -> HttpResponse:
    """Change what it holds and send that in its place."""
    letter = _find(request, pk)
    shown = is_shown(letter, sight_for(request))
    text, refusal = request.POST.get("text", ""), ""
    if request.method == "POST":
        actor = Actor.person(request.user)
        try:
            run = edit_and_retry(actor=actor, letter=letter, text=text)
            return redirect("console:retry-run", run.pk)
        except ActionError as error:
            refusal = error.message
        except NotAllowed as error:
            refusal = str(error)
    context = {
        "letter": letter,
        "hidden": not shown,
        "text": text or (_editable(letter) if shown else None),
        "refusal": refusal,
        "may_act": Rights(Actor.person(request.user)).can_edit(
            letter.service.owner, "act on this dead letter"
        ),
    }
    return render(request, "console/dead_letters/edit.html", context)


def _editable(letter: DeadLetter) -> str | None:
    return editable_text(wire.delivery_of(letter.properties, letter.body, letter.queue))


def _find(request: PersonRequest, pk: int) -> DeadLetter:
    visible = DeadLetter.objects.visible_to(request.user)
    return get_object_or_404(visible.select_related("service__owner", "cause", "run"), pk=pk)


def _moments(letter: DeadLetter) -> list[Moment]:
    """Return what happened to it, in order."""
    told = []
    if letter.original_id:
        told.append(
            Moment(
                letter.taken_in,
                "act",
                f"Made by {letter.edited_by} in place of another, with an edited body",
                _page(letter.original_id),
            )
        )
    if letter.retried_from_id:
        told.append(
            Moment(
                None,
                "idle",
                "Was retried before, and failed",
                _page(letter.retried_from_id),
            )
        )
    if not letter.original_id:
        worker = f" on {letter.worker}" if letter.worker else ""
        tries = f"{letter.attempts:,} attempt{'' if letter.attempts == 1 else 's'}"
        told.append(Moment(letter.died, "bad", f"Gave up after {tries}{worker}"))
        told.append(Moment(letter.taken_in, "idle", "Taken in; it waited for a person"))
    if letter.sent and letter.run:
        told.append(
            Moment(
                letter.sent,
                "act",
                f"Sent to {letter.queue} again, as {letter.run.requested_by_name} asked",
                reverse("console:retry-run", args=[letter.run.pk]),
            )
        )
    return told + _ending(letter)


def _ending(letter: DeadLetter) -> list[Moment]:
    match letter.state:
        case State.RETRYING:
            return [Moment(letter.since, "act", "Prepared; it is sent within moments")]
        case State.HANDLED:
            return [Moment(letter.since, "ok", f"Handled by {letter.service.name}")]
        case State.FAILED_AGAIN:
            again = letter.came_back.order_by("pk").values_list("pk", flat=True).last()
            page = _page(again) if again else None
            return [Moment(letter.since, "bad", "Failed again", page)]
        case State.EDITED:
            other = letter.edited_copies.order_by("pk").values_list("pk", flat=True).last()
            page = _page(other) if other else None
            return [Moment(letter.since, "act", "Replaced by one with an edited body", page)]
        case State.DISCARDED:
            return [Moment(letter.since, "idle", "Discarded; it is kept for a while")]
    return []


def _page(pk: int) -> str:
    return reverse("console:dead-letter", args=[pk])
