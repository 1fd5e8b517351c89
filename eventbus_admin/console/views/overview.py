"""The first page: what needs a person, how much there is and flows, what was changed."""

from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventbus_admin.console import activity, counts
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.attention import attention
from eventbus_admin.console.context import Shell
from eventbus_admin.integrators.models import AccessRequest
from eventbus_admin.journal.entries import MAX_NAME
from eventbus_admin.reconcile.models import Run, SubscriptionStatus
from eventbus_admin.registry.models import Subscription
from eventbus_admin.registry.revision import current_revision
from eventbus_admin.registry.trail import entries_visible_to

CHANGES = 7
SHOWN = 5


@require_safe
@signed_in
def overview(request: PersonRequest) -> HttpResponse:
    """Show the page; its content refreshes itself."""
    return render(request, "console/overview/page.html", _content(request))


@require_safe
@signed_in
def live(request: PersonRequest) -> HttpResponse:
    """Return the content as it is now."""
    return render(request, "console/overview/live.html", _content(request))


def _content(request: PersonRequest) -> dict[str, object]:
    shell = Shell.of(request)
    waiting = SubscriptionStatus.objects.filter(
        subscription__in=Subscription.objects.visible_to(request.user).live()
    ).aggregate(number=Sum("messages_ready"))["number"]
    only = request.GET.get("only", "")[:MAX_NAME]
    requests = AccessRequest.objects.visible_to(request.user).waiting().with_related()
    return {
        "attention": attention(request.user, shell.state),
        "rate": activity.last_minute(),
        "waiting": waiting or 0,
        "dead": activity.gave_up_lately(),
        "drift": shell.drift,
        "registry": counts.registry(request.user),
        "objects": counts.drift(shell.state),
        "revision": current_revision(),
        "chart": activity.hour_stack(only),
        "only": only,
        "begins": activity.begins(),
        "changes": entries_visible_to(request.user)[:CHANGES],
        "requests": requests[:SHOWN],
        "runs": Run.objects.select_related("requested_by").defer("steps")[:SHOWN],
    }
