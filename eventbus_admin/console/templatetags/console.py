"""The console's components as template tags; each renders `templates/components/<name>.html`."""

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from django import template
from django.template.context import RequestContext
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from lucide.templatetags.lucide import lucide

from bus_core.retry import RetryPolicy
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.console import highlight, times
from eventbus_admin.console.activity import OTHERS
from eventbus_admin.console.charts import Bars, Spark, Stack
from eventbus_admin.console.links import event_page, page_of, shown_name
from eventbus_admin.console.looks import look_of
from eventbus_admin.console.paging import PARAMETERS
from eventbus_admin.reconcile.wording import Condition, condition
from eventbus_admin.registry.models import Subscription

register = template.Library()

UNSET = object()


# -- text ------------------------------------------------------------------------------------------


@register.filter
def thousands(number: int | float | None) -> str:
    """Write a number with separators; nothing known is a dash."""
    return "–" if number is None else f"{number:,}"


@register.filter
def plural(number: int | None, noun: str) -> str:
    """Write a number and what is counted: `1 worker`, `3 workers`."""
    return f"{number or 0:,} {noun}{'' if number == 1 else 's'}"


@register.filter
def duration(milliseconds: int) -> str:
    """Write a delay in its largest even unit."""
    return times.duration(milliseconds)


@register.simple_tag
def ago(moment: datetime | str | None, never: str = "never") -> str:
    """Write how long ago a moment was; js/times.js keeps it fresh and adds the local time."""
    if not moment:
        return never
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return format_html(
        '<time datetime="{}" title="{} UTC" data-ago>{}</time>',
        moment.isoformat(timespec="milliseconds"),
        f"{moment:%Y-%m-%d %H:%M:%S}",
        times.ago(moment),
    )


@register.filter
def brief(value: Any) -> str:
    """Write a value on one line, as an audit entry or a difference shows it."""
    if isinstance(value, str):
        return value or "empty"
    return "none" if value is None else json.dumps(value, ensure_ascii=False)


@register.filter
def json_text(value: Any) -> str:
    """Write a value as indented JSON."""
    return highlight.json_text(value)


@register.filter
def tone(state: object) -> str:
    """Name the tone of a state."""
    return look_of(state).tone


@register.filter
def word(state: object) -> str:
    """Name a state."""
    return look_of(state).word


@register.filter
def service_page(name: str) -> str | None:
    """Return the page of a service that an event names; who publishes may write anything there."""
    return page_of("service", name)


@register.filter
def subscription_page(event_type: str, service: str) -> str | None:
    """Return the page of the subscription between these two."""
    return page_of("subscription", f"{event_type}/{service}")


@register.simple_tag
def event_link(event_id: str) -> str:
    """Write the attributes of a link that opens an event: in the drawer, else as a page."""
    if not (url := event_page(event_id)):
        return ""
    return format_html('href="{0}" hx-get="{0}" hx-target="#drawer-content"', url)


# -- small components ------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, size: int = 16) -> str:
    """Draw an icon that says nothing to a screen reader."""
    return _icon(name, size)


@lru_cache(maxsize=256)
def _icon(name: str, size: int) -> str:
    drawn: str = lucide(name, size=size, aria_hidden="true")
    return drawn


@register.inclusion_tag("components/mark.html")
def mark(tone: str) -> dict[str, Any]:
    """Draw the shape of a tone."""
    return {"tone": tone}


@register.inclusion_tag("components/chip.html")
def chip(state: object, text: str = "", kind: str = "") -> dict[str, Any]:
    """Draw a state as a chip: its shape, its colour and its word."""
    look = look_of(state)
    return {"tone": look.tone, "text": text or look.word, "kind": kind}


@register.inclusion_tag("components/state.html")
def state(value: object, text: str = "") -> dict[str, Any]:
    """Draw a state in a table: its shape and a sentence."""
    look = look_of(value)
    return {"tone": look.tone, "text": text or look.word}


@register.inclusion_tag("components/button.html", takes_context=True)
def button(context: RequestContext, label: str, **options: Any) -> dict[str, Any]:
    """Draw a button.

    `to` (a route) or `href` makes it a link and `post` a form that posts there; `icon`, `kind`
    (primary, danger, danger-fill, quiet) and `small` are its looks. `allowed` is a decision: on a
    no the button is grey and says why. `opens` names a dialog that it opens; `name` and `value`
    are sent along.
    """
    allowed = options.pop("allowed", UNSET)
    refusal = "" if allowed is UNSET or allowed else getattr(allowed, "why_not", "Not now.")
    if route := options.pop("to", ""):
        options["href"] = reverse(route)
    return {
        "label": label,
        "refusal": refusal,
        "csrf_token": context.get("csrf_token"),
        **options,
    }


@register.inclusion_tag("components/kept.html", takes_context=True)
def kept(context: RequestContext, *asked: str) -> dict[str, Any]:
    """Carry the filters that a form does not ask for along with it."""
    query = context["request"].GET.items()
    return {"pairs": [pair for pair in query if pair[0] not in {*asked, *PARAMETERS} and pair[1]]}


@register.inclusion_tag("components/copy.html")
def copy(text: str = "", what: str = "", target: str = "") -> dict[str, Any]:
    """Draw a button that copies `text`, or the content of the element with the id `target`."""
    return {"text": text, "what": what, "target": target}


@register.inclusion_tag("components/code.html")
def code(content: Any, language: str = "", **options: Any) -> dict[str, Any]:
    """Draw a block of code with a copy button; `line` (one that wraps), `tall`, `flush`.

    In the language `json` the content is any value, in `python` one of our samples.
    """
    if language == "json":
        shown = {"content": highlight.json_text(content), "html": highlight.json_html(content)}
    elif language == "python":
        shown = {"content": content, "html": highlight.python_html(content)}
    else:
        shown = {"content": content, "html": content}
    return {**shown, **options}


@register.inclusion_tag("components/stat.html")
def stat(label: str, value: int | None, **options: Any) -> dict[str, Any]:
    """Draw a number with its name; `note`, `href`, `tone`."""
    return {"label": label, "value": value, **options}


@register.inclusion_tag("components/field.html")
def field(bound: Any, **options: Any) -> dict[str, Any]:
    """Draw a form field with label, help and error."""
    return {"field": bound, **options}


@register.inclusion_tag("components/sparkline.html")
def sparkline(drawn: Spark) -> dict[str, Any]:
    """Draw a sparkline."""
    return {"spark": drawn}


@register.inclusion_tag("components/bars.html")
def barchart(drawn: Bars) -> dict[str, Any]:
    """Draw a bar chart with its axis."""
    shown = [moment for moment, _ in drawn.rows[::10]]
    return {"chart": drawn, "axis": [f"{moment:%H:%M}" for moment in shown] + ["now"]}


@register.inclusion_tag("components/stack.html")
def stackchart(drawn: Stack, only: str = "") -> dict[str, Any]:
    """Draw what several names make up over time, with a legend that leaves one of them."""
    shown = [moment for moment, _ in drawn.rows[::10]]
    axis = [f"{moment:%H:%M}" for moment in shown] + ["now"]
    return {"chart": drawn, "only": only, "axis": axis, "others": OTHERS}


@register.inclusion_tag("components/skeleton.html")
def skeleton(lines: int = 3) -> dict[str, Any]:
    """Draw lines that stand for text on its way."""
    return {"lines": range(lines)}


@register.inclusion_tag("components/ladder.html")
def ladder(policy: RetryPolicy) -> dict[str, Any]:
    """Draw a retry policy as steps: which attempt comes after which wait."""
    steps: list[dict[str, int]] = []
    for failures in range(1, policy.attempts):
        delay = policy.delay_after(failures) or 0
        if steps and steps[-1]["delay"] == delay:
            steps[-1]["last"] = failures + 1
        else:
            steps.append({"delay": delay, "first": failures + 1, "last": failures + 1})
    return {"steps": steps}


@register.inclusion_tag("components/pager.html")
def pager(page: Any, previous: str = "Previous", following: str = "Next") -> dict[str, Any]:
    """Draw links to the pages beside this one."""
    return {"page": page, "previous": previous, "following": following}


@register.inclusion_tag("components/timeline_entry.html")
def audit_line(entry: AuditEntry, about: bool = True) -> dict[str, Any]:
    """Draw one audit entry of a timeline; without `about` its object is known from the page."""
    # A service's history tells of its credentials and tokens too.
    return {**audit_row(entry), "about": about or entry.object_kind in {"credential", "token"}}


@register.inclusion_tag("components/audit_row.html")
def audit_row(entry: AuditEntry) -> dict[str, Any]:
    """Draw one audit entry of a table; it opens in the drawer."""
    return {
        "entry": entry,
        "url": page_of(entry.object_kind, entry.object_name),
        "name": shown_name(entry.object_kind, entry.object_name),
        # An arrow between two names says what it is.
        "kind": "" if entry.object_kind == "subscription" else entry.object_kind.replace("_", " "),
        "changes": _changes(entry),
    }


@register.filter
def audit_page(entry: AuditEntry) -> str | None:
    """Return the page of what an audit entry is about, if it has one."""
    return page_of(entry.object_kind, entry.object_name)


@register.filter
def audit_name(entry: AuditEntry) -> str:
    """Write the name of what an audit entry is about."""
    return shown_name(entry.object_kind, entry.object_name)


@register.filter(name="condition")
def condition_of(subscription: Subscription) -> Condition:
    """Tell how a subscription is doing."""
    return condition(subscription)


def _changes(entry: AuditEntry) -> list[tuple[str, Any, Any]]:
    """Return what changed; of something new its values say nothing more than its page."""
    if not isinstance(entry.before, dict) or not isinstance(entry.after, dict):
        return []
    return [
        (field.replace("_", " "), entry.before.get(field), entry.after.get(field))
        for field in sorted(entry.before.keys() | entry.after.keys())
    ]


# -- components with content -----------------------------------------------------------------------


@register.simple_block_tag
def alert(content: str, tone: str = "idle", title: str = "") -> str:
    """Draw a sentence that stands out, with buttons in its content if needed."""
    return render_to_string(
        "components/alert.html", {"content": content, "tone": tone, "title": title}
    )


@register.simple_block_tag
def empty(content: str, icon: str, title: str, small: bool = False) -> str:
    """Draw an empty place: what belongs here, and in its content the next step."""
    return render_to_string(
        "components/empty.html", {"content": content, "icon": icon, "title": title, "small": small}
    )


@register.simple_block_tag
def dialog(content: str, id: str, title: str) -> str:  # noqa: A002 - the name of the attribute
    """Draw a dialog that a button with `opens=<id>` opens."""
    return render_to_string(
        "components/dialog.html", {"content": content, "id": id, "title": title}
    )
