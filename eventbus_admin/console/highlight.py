"""JSON and Python as HTML with classes; everything that is not ours is escaped."""

import json
import re
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

_JSON = re.compile(
    r'(?P<p>"(?:\\.|[^"\\])*"(?=\s*:))'
    r'|(?P<s>"(?:\\.|[^"\\])*")'
    r"|(?P<n>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<k>\btrue\b|\bfalse\b|\bnull\b)"
)
_PYTHON = re.compile(
    r"(?P<c>\#[^\n]*)"
    r'|(?P<s>"(?:\\.|[^"\\\n])*")'
    r"|(?P<k>\b(?:from|import|def|return|with|as|None|True|False|if|for|in|class|raise)\b)"
    r"|(?P<p>@[\w.]+)"
    r"|(?P<n>\b\d+\b)"
)


def json_html(value: Any) -> SafeString:
    """Return a value as indented JSON with its parts marked."""
    return _marked(json_text(value), _JSON)


def json_text(value: Any) -> str:
    """Return a value as indented JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False, cls=DjangoJSONEncoder)


def python_html(source: str) -> SafeString:
    """Return one of our code samples with its parts marked."""
    return _marked(source, _PYTHON)


def _marked(text: str, pattern: re.Pattern[str]) -> SafeString:
    pieces: list[str] = []
    end = 0
    for match in pattern.finditer(text):
        pieces.append(escape(text[end : match.start()]))
        pieces.append(format_html('<span class="{}">{}</span>', match.lastgroup, match.group()))
        end = match.end()
    pieces.append(escape(text[end:]))
    return mark_safe("".join(pieces))  # noqa: S308 - every piece is escaped
