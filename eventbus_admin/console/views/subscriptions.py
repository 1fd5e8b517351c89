"""Subscriptions: the list."""

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventbus_admin.accounts.models import Team
from eventbus_admin.console import activity
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.carrying import may_own
from eventbus_admin.console.context import UNWELL
from eventbus_admin.console.filters import options, tokens
from eventbus_admin.console.paging import keyset_page
from eventbus_admin.reconcile.models import Health, Sync
from eventbus_admin.reconcile.wording import condition
from eventbus_admin.registry.models import Subscription
from eventbus_admin.registry.querysets import SubscriptionQuerySet
from eventbus_admin.registry.states import LIVE_STATES, SubscriptionState

_HEALTHS = (("unwell", "Needs a look"), (Health.HEALTHY.value, "Healthy"))
_TAKEN_OFF = (("type", "Event type"), ("service", "Service"))


@require_safe
@signed_in
def listing(request: PersonRequest) -> HttpResponse:
    """List subscriptions, narrowed by what the address says."""
    visible = Subscription.objects.visible_to(request.user)
    page = keyset_page(
        _narrowed(visible, request).with_related().select_related("status"),
        request,
        ("event_type__name", "service__name"),
    )
    states = dict(visible.order_by().values_list("state").annotate(number=Count("pk")))
    sparks = activity.sparks([row.event_type.name for row in page.rows])
    context = {
        "page": page,
        "rows": [(row, condition(row), sparks[row.event_type.name]) for row in page.rows],
        "states": options(
            request,
            "state",
            [choice for choice in SubscriptionState.choices if states.get(choice[0])],
            everything="Live",
            counts={**states, "": sum(states.get(state, 0) for state in LIVE_STATES)},
        ),
        "healths": options(request, "health", _HEALTHS, everything="Any health"),
        "syncs": Sync.choices,
        "tokens": tokens(request, _TAKEN_OFF),
        "teams": Team.objects.values_list("name", flat=True),
        "any": bool(states),
        "may_create": may_own(request.user),
    }
    return render(request, "console/subscriptions/list.html", context)


def _narrowed(found: SubscriptionQuerySet, request: PersonRequest) -> SubscriptionQuerySet:
    wanted = request.GET
    found = found.search(wanted.get("q", ""))
    state = wanted.get("state")
    found = found.filter(state=state) if state else found.filter(state__in=LIVE_STATES)
    health = wanted.get("health")
    if health == "unwell":
        found = found.filter(state=SubscriptionState.ACTIVE, status__health__in=UNWELL)
    elif health == Health.UNKNOWN:
        found = found.filter(Q(status=None) | Q(status__health=health))
    elif health:
        found = found.filter(status__health=health)
    if sync := wanted.get("sync"):
        found = found.filter(status__sync=sync)
    if owner := wanted.get("owner"):
        found = found.owned_by(owner)
    if event_type := wanted.get("type"):
        found = found.filter(event_type__name=event_type)
    if service := wanted.get("service"):
        found = found.filter(service__name=service)
    return found
