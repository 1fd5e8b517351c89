"""Every component on one page, for whoever builds the console."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bus_core.retry import RetryPolicy
from eventbus_admin.accounts.policies import Decision
from eventbus_admin.console import snippets
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.charts import bars, spark, stack
from eventbus_admin.console.filters import Option
from eventbus_admin.console.forms import ConsoleForm
from eventbus_admin.console.paging import Page
from eventbus_admin.console.shares import shares

_FILTERS = [
    Option("All drift", "", "?", current=True, count=34),
    Option("Missing", "missing", "?sync=missing", current=False, count=30),
    Option("Differs", "differs", "?sync=differs", current=False, count=4),
]


class _Sample(ConsoleForm):
    name = forms.CharField(help_text="Like export-manager.")
    note = forms.CharField(required=False, widget=forms.Textarea)


@require_safe
@signed_in
def components(request: PersonRequest) -> HttpResponse:
    """Show them."""
    now = timezone.now()
    wrong = _Sample({"name": ""})
    context = {
        "tones": ("healthy", "differs", "blocked", "paused", "running"),
        "refusal": Decision(allowed=False, why_not="Only operators may do this."),
        "form": _Sample(),
        "wrong": wrong,
        "now": now,
        "spark": spark([1, 4, 2, 8, 5, 9, 12, 7, 6, 10, 14, 9], "87 events"),
        "chart": bars([(now, index * 7 % 23) for index in range(60)]),
        "stack": stack(
            [(now, [index * 7 % 23, index * 5 % 11]) for index in range(60)],
            ["exportRequested", "exportSuccessful"],
        ),
        "snippet": snippets.subscriber("exportRequested", "export-manager"),
        "command": snippets.publish_command(),
        "policy": RetryPolicy(),
        "page": Page(rows=[], previous="?before=b", following="?after=m"),
        "filters": _FILTERS,
        "shares": shares(_FILTERS),
        "tokens": [{"url": "#", "label": "Service: export-manager"}],
    }
    return render(request, "console/components.html", context)
