"""What only the search draws."""

from django import template
from django.utils.html import format_html, format_html_join

from eventbus_admin.console.search import parts

register = template.Library()


@register.filter
def marked(name: str, text: str) -> str:
    """Write a name with what was searched for marked."""
    pieces = parts(name, text)
    return format_html_join(
        "", "{}", ((format_html("<mark>{}</mark>", one) if hit else one,) for one, hit in pieces)
    )
