"""The map: who publishes what to whom, how it is, and one thing with what is around it."""

import hashlib
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventbus_admin.accounts.models import Team
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.filters import asked, options, tokens
from eventbus_admin.console.map_layout import LONG, SHORT, Drawing, draw
from eventbus_admin.console.map_panel import Panel, panel_of
from eventbus_admin.console.map_table import Row, rows_of
from eventbus_admin.console.map_words import fingerprint_of
from eventbus_admin.map.building import build
from eventbus_admin.map.graph import Graph
from eventbus_admin.map.narrowing import LIMIT, Wanted, narrowed
from eventbus_admin.map.reading import read_facts

MAX_CHARS = 255
SEEN = "seen"
"""What a page that refreshes itself says that it shows already."""
WIDE, BESIDE_PANEL = 1100, 760


@dataclass(frozen=True)
class Picture:
    """Everything that the page draws of a graph."""

    graph: Graph
    drawing: Drawing
    panel: Panel | None
    rows: list[Row]


@require_safe
@signed_in
def page(request: PersonRequest) -> HttpResponse:
    """Show the page; what is drawn refreshes itself."""
    wanted = _wanted(request)
    graph = _graph(request, wanted)
    focused = graph.by_id.get(wanted.focus)
    context = {
        **_content(request, wanted, graph),
        "problems": options(request, "problems", [("1", "Only problems")], everything="Everything"),
        "tokens": tokens(
            request, [("focus", "Around")], {wanted.focus: focused.name if focused else ""}
        ),
        "teams": Team.objects.values_list("name", flat=True),
    }
    return render(request, "console/map/page.html", context)


@require_safe
@signed_in
def live(request: PersonRequest) -> HttpResponse:
    """Return what is drawn as it is now; to who shows just that, only when it was read."""
    wanted = _wanted(request)
    graph = _graph(request, wanted)
    if request.GET.get(SEEN) == _fingerprint(graph):
        answer = render(request, "console/map/unchanged.html", {"graph": graph})
        answer.headers["HX-Reswap"] = "none"
        return answer
    return render(request, "console/map/live.html", _content(request, wanted, graph))


def _wanted(request: PersonRequest) -> Wanted:
    return Wanted(
        focus=asked(request, "focus")[:MAX_CHARS],
        owner=asked(request, "owner")[:MAX_CHARS],
        text=asked(request, "q")[:MAX_CHARS],
        problems=bool(asked(request, "problems")),
    )


def _graph(request: PersonRequest, wanted: Wanted) -> Graph:
    return narrowed(build(read_facts(request.user)), wanted)


def _content(request: PersonRequest, wanted: Wanted, graph: Graph) -> dict[str, object]:
    query = request.GET.copy()
    query[SEEN] = _fingerprint(graph)
    focused = graph.by_id.get(wanted.focus)
    drawing = draw(
        graph,
        width=BESIDE_PANEL if focused else WIDE,
        characters=LONG if focused else SHORT,
    )
    return {
        "wanted": wanted,
        "limit": LIMIT,
        "query": query.urlencode(),
        "graph": graph,
        "picture": Picture(
            graph, drawing, panel_of(graph, focused) if focused else None, rows_of(graph)
        ),
    }


def _fingerprint(graph: Graph) -> str:
    seen = hashlib.blake2b(digest_size=8)
    for one in fingerprint_of(graph):
        seen.update(repr(one).encode())
    return seen.hexdigest()
