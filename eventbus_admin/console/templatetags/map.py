"""What the templates of the map need besides the console's components."""

from urllib.parse import quote

from django import template
from django.utils.html import format_html
from django.utils.http import urlencode

from eventbus_admin.console.map_layout import Box, Line
from eventbus_admin.console.map_words import (
    TONES,
    about_edge,
    about_node,
    beside_edge,
    beside_node,
)
from eventbus_admin.map.graph import Graph, Standing

register = template.Library()

_NAME_X, _MARK_X, _END_X, _TEXT_DOWN = 24, 10, 10, 4


@register.simple_tag
def map_box(box: Box) -> str:
    """Draw a node: a link that draws the map around it."""
    hatch = ""
    frame = _numbers(box.x, box.y, box.width, box.height)
    if box.node.standing is Standing.STRANGER:
        hatch = format_html(
            '<rect class="node__hatch" fill="url(#hatch)" x="{}" y="{}" width="{}" '
            'height="{}" rx="6"/>',
            *frame,
        )
    said = about_node(box.node)
    return format_html(
        '<a class="node" id="map-{}" href="?{}" data-node="{}" data-column="{}" data-tone="{}" '
        'data-standing="{}" aria-label="{}"><title>{}</title><rect class="node__frame" x="{}" '
        'y="{}" width="{}" height="{}" rx="6"/>{}<use href="#mark-{}" x="{}" y="{}"/>'
        '<text class="node__name" x="{}" y="{}">{}</text>'
        '<text class="node__aside" x="{}" y="{}" text-anchor="end">{}</text></a>',
        quote(box.key, safe=""),
        urlencode({"focus": box.node.id}),
        box.number,
        box.column,
        TONES[box.node.state],
        box.node.standing.value,
        said,
        said,
        *frame,
        hatch,
        TONES[box.node.state],
        *_numbers(box.x + _MARK_X, box.middle - 4.5),
        *_numbers(box.x + _NAME_X, box.middle + _TEXT_DOWN),
        box.label,
        *_numbers(box.x + box.width - _END_X, box.middle + _TEXT_DOWN),
        beside_node(box.node, box.column),
    )


@register.simple_tag
def map_line(graph: Graph, line: Line) -> str:
    """Draw an edge, as wide as much flows."""
    stranger = line.edge.standing is Standing.STRANGER
    return format_html(
        '<g class="edge"{}><title>{}</title><path d="{}" stroke-width="{}" '
        'marker-end="url(#end-{})"{}/></g>',
        _ends(line),
        about_edge(graph, line.edge),
        line.path,
        *_numbers(max(line.width, 5) if stranger else line.width),
        TONES[line.edge.state],
        format_html(' stroke="{}"', "url(#hatch)") if stranger else "",
    )


@register.simple_tag
def map_number(line: Line) -> str:
    """Write what waits at the end of an edge; after all lines, so that none goes over it."""
    if not (said := beside_edge(line.edge)):
        return ""
    return format_html(
        '<text class="edge edge__number"{} x="{}" y="{}" text-anchor="end">{}</text>',
        _ends(line),
        *_numbers(line.x - 13, line.y - 2 - line.width / 2),
        said,
    )


def _ends(line: Line) -> str:
    return format_html(
        ' data-from="{}" data-to="{}" data-tone="{}" data-standing="{}"',
        line.source,
        line.target,
        TONES[line.edge.state],
        line.edge.standing.value,
    )


def _numbers(*numbers: float) -> tuple[str, ...]:
    return tuple(f"{number:g}" for number in numbers)
