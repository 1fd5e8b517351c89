"""What needs a person, as sentences with the next step."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Case, When
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from eventbus_admin.accounts.models import User
from eventbus_admin.console.context import UNWELL
from eventbus_admin.console.looks import BAD, WARN, look_of
from eventbus_admin.integrators.models import AccessRequest
from eventbus_admin.reconcile.models import Health, Operation, ReconcileState, Sync
from eventbus_admin.reconcile.overlap import overdue
from eventbus_admin.reconcile.wording import condition
from eventbus_admin.registry.models import Credential, Subscription
from eventbus_admin.registry.states import SubscriptionState

SHOWN = 6


@dataclass(frozen=True)
class Need:
    """One thing that needs a person."""

    tone: str
    sentence: str
    url: str
    step: str
    """What the button says."""
    since: datetime | None = None


def attention(user: User, state: ReconcileState | None) -> list[Need]:
    """Return what needs somebody now, the worst first."""
    needs = [
        *_broker(state),
        *_operations(),
        *_subscriptions(user),
        *_drift(state),
        *_rotations(user),
        *_requests(user),
    ]
    return sorted(needs, key=lambda need: need.tone != BAD)


def _broker(state: ReconcileState | None) -> list[Need]:
    if state is None or state.reachable or not state.error:
        return []
    sentence = format_html("The broker cannot be read. {}", state.error)
    return [Need(BAD, sentence, reverse("console:drift"), "See what waits", state.observed_at)]


def _operations() -> list[Need]:
    """Paused ones: what they work on stands still, and nothing reminds of them."""
    paused = Operation.objects.filter(state=Operation.State.PAUSED).order_by("phase_since")
    return [
        Need(
            WARN,
            format_html(
                '{} of <span class="mono">{}</span> is paused.', one.get_kind_display(), one.name
            ),
            reverse("console:operation", args=[one.pk]),
            "Look at it",
            one.phase_since,
        )
        for one in paused[:SHOWN]
    ]


def _subscriptions(user: User) -> list[Need]:
    unwell = (
        Subscription.objects.visible_to(user)
        .filter(state=SubscriptionState.ACTIVE, status__health__in=UNWELL)
        .with_related()
        .select_related("status")
    )
    # Dead letters first, then where most waits: what is cut off below is the least.
    gave_up = Case(When(status__health=Health.DEAD_LETTERS, then=0), default=1)
    rows = list(unwell.order_by(gave_up, "-status__messages_ready")[: SHOWN + 1])
    needs = [_subscription(row) for row in rows[:SHOWN]]
    if len(rows) > SHOWN:
        more = unwell.count() - SHOWN
        sentence = _counted(more, "needs a look.", "need a look.", "more subscription")
        url = f"{reverse('console:subscriptions')}?health=unwell"
        needs.append(Need(WARN, sentence, url, "Show all"))
    return needs


def _subscription(row: Subscription) -> Need:
    state = condition(row)
    service, event_type = row.service.name, row.event_type.name
    url = reverse("console:subscription", args=[event_type, service])
    step = "Look at it" if state.state != Health.NO_CONSUMERS else "Start a worker"
    if state.state == Health.DEAD_LETTERS and settings.EVENTBUS_INGEST_DEAD_LETTERS:
        query = urlencode({"service": service, "type": event_type})
        url, step = f"{reverse('console:dead-letters')}?{query}", "See why"
    sentence = format_html(
        '<span class="mono">{} → {}</span><span class="need__why">{}</span>',
        event_type,
        service,
        state.sentence,
    )
    return Need(look_of(state.state).tone, sentence, url, step, row.status.changed_at)


def _drift(state: ReconcileState | None) -> list[Need]:
    if state is None:
        return []
    counts = Counter({sync: number for sync, number in state.counts.items() if number})
    url = reverse("console:drift")
    said = {
        Sync.BLOCKED: ("differs in what cannot be changed.", "differ in what cannot be changed."),
        Sync.MISSING: ("is missing on the broker.", "are missing on the broker."),
        Sync.DIFFERS: ("differs from the registry.", "differ from the registry."),
        Sync.SURPLUS: ("is to be removed.", "are to be removed."),
        Sync.UNMANAGED: (
            "on the broker is ours by name but not registered.",
            "on the broker are ours by name but not registered.",
        ),
    }
    return [
        Need(
            look_of(sync).tone,
            _counted(counts[sync], one, many),
            f"{url}?sync={sync.value}",
            "Review",
        )
        for sync, (one, many) in said.items()
        if counts[sync]
    ]


def _rotations(user: User) -> list[Need]:
    late = overdue(Credential.objects.visible_to(user)).with_related()
    return [
        Need(
            WARN,
            format_html(
                '<span class="mono">{}</span><span class="need__why">Its credentials are being '
                "rotated, and the old ones are still in use or nobody uses the new ones.</span>",
                one.service.name,
            ),
            f"{reverse('console:service', args=[one.service.name])}#credentials",
            "Look at it",
            one.leaving,
        )
        for one in late.order_by("leaving")[:SHOWN]
    ]


def _requests(user: User) -> list[Need]:
    if not user.is_operator:
        return []
    number = AccessRequest.objects.visible_to(user).waiting().count()
    if not number:
        return []
    sentence = _counted(number, "waits for a decision.", "wait for a decision.", "request")
    return [Need(WARN, sentence, reverse("console:integrators"), "Review")]


def _counted(number: int, one: str, many: str, noun: str = "object") -> SafeString:
    if number == 1:
        return format_html("1 {} {}", noun, one)
    return format_html("{} {}s {}", f"{number:,}", noun, many)
