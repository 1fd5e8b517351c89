"""What the pages of dead letters share: filters, rights, sparklines, how a body is shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from bus_core.envelope import decode
from bus_core.errors import UndecodableMessage
from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.models import Team
from eventbus_admin.accounts.policies import YES, Decision, Rights
from eventbus_admin.console.activity import Minute
from eventbus_admin.console.charts import Spark, spark
from eventbus_admin.deadletters import wire
from eventbus_admin.deadletters.choosing import Chosen
from eventbus_admin.deadletters.models import Cause, DeadLetter
from eventbus_admin.deadletters.querysets import DeadLetterQuerySet, Wanted
from eventbus_admin.journal.entries import keepable

SINCE = (("1", "Last hour"), ("24", "Last day"), ("168", "Last week"))
HOURS = 24
SHOWN_BYTES = 256 * 1024
SHOWN_TEXT = 64 * 1024


def wanted_by(request: HttpRequest) -> Wanted:
    """Return the filter that the address, or a form of the page, asks for."""
    given = request.POST if request.method == "POST" else request.GET
    cause = given.get("cause", "")
    fields: dict[str, Any] = {
        # PostgreSQL refuses to be asked for a null character.
        "service": given.get("service", "").replace("\0", ""),
        "event_type": given.get("type", "").replace("\0", ""),
        "text": given.get("q", "").strip(),
        "cause": int(cause) if cause.isdecimal() and len(cause) < 19 else None,
    }
    since = given.get("since", "")
    return Wanted.within(int(since), **fields) if since in dict(SINCE) else Wanted(**fields)


def chosen_by(request: HttpRequest) -> Chosen:
    """Return what a form is about: what was ticked, or all that the page's filter shows."""
    if "chosen" not in request.POST:
        return Chosen(wanted=wanted_by(request))
    ticked = request.POST.getlist("id")
    return Chosen(ids=[int(one) for one in ticked if one.isdecimal() and len(one) < 19])


def place_of(request: HttpRequest) -> str:
    """Return the page that a form was sent from; anywhere else would be somebody's trick."""
    back = request.POST.get("back") or request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        return back
    return reverse("console:dead-letters")


def may_act_on(actor: Actor, letters: DeadLetterQuerySet) -> Decision:
    """Whether this person may retry and discard all of these."""
    rights, to = Rights(actor), "retry or discard these"
    if rights.can_operate(to):
        return YES
    teams = Team.objects.filter(pk__in=letters.order_by().values("service__owner"))
    return next((refusal for team in teams if not (refusal := rights.can_edit(team, to))), YES)


def sparks(letters: DeadLetterQuerySet, causes: Iterable[Cause]) -> dict[int, Spark]:
    """Return a line for each cause: when its dead letters gave up in the last day, by the hour."""
    this_hour = int(timezone.now().timestamp()) // 3600
    begin = timezone.now() - timedelta(hours=HOURS)
    minutes = (
        letters.filter(cause__in=[one.pk for one in causes], died__gte=begin)
        .annotate(minute=Minute("died"))
        .order_by()
        .values_list("cause", "minute")
        .annotate(number=Count("pk"))
    )
    hours: dict[int, dict[int, int]] = {}
    for cause, minute, number in minutes:
        counts = hours.setdefault(cause, {})
        counts[minute // 60] = counts.get(minute // 60, 0) + number
    lines = {}
    for one in causes:
        counts = hours.get(one.pk, {})
        values = [counts.get(hour, 0) for hour in range(this_hour - HOURS + 1, this_hour + 1)]
        lines[one.pk] = spark(values, f"{sum(values):,} gave up in the last day")
    return lines


@dataclass(frozen=True)
class Shown:
    """A body as a page shows it; what is kept is all of it."""

    payload: Any = None
    is_event: bool = False
    text: str = ""
    """What is no event, its bytes that are no text written as `\\xff`."""
    note: str = ""


def shown_body(letter: DeadLetter) -> Shown:
    """Return what a page shows of a dead letter's body."""
    body = bytes(letter.body)
    if len(body) <= SHOWN_BYTES:
        try:
            event = decode(wire.delivery_of(letter.properties, body).message).event
        except UndecodableMessage:
            pass
        else:
            return Shown(payload=event.payload, is_event=True)
    note = ""
    if len(body) > SHOWN_TEXT:
        note = f"Only the first {SHOWN_TEXT // 1024} KiB are shown; all of it is kept and sent."
    return Shown(text=body[:SHOWN_TEXT].decode(errors="backslashreplace"), note=note)


def shown_headers(letter: DeadLetter) -> list[tuple[str, str]]:
    """Return properties and headers as lines, what a person knows first."""
    message = wire.delivery_of(letter.properties, b"").message
    named = ("message_id", "type", "app_id", "correlation_id", "content_type", "user_id")
    properties = [(name, getattr(message, name)) for name in named]
    told = [(name, value) for name, value in properties if value]
    hidden = {"bus-dead-error", "bus-dead-reason", "bus-dead-queue"}  # the page says it already
    told += [(name, value) for name, value in message.headers.items() if name not in hidden]
    return [(str(name), str(keepable(value))[:2000]) for name, value in told[:80]]
