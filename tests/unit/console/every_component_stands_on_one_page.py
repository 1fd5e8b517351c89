"""Whoever builds a page finds every component on one, and what is new must come there too."""

from pathlib import Path

import pytest
from django.conf import settings
from django.test import RequestFactory

from eventbus_admin.accounts.models import User
from eventbus_admin.console.views.components import components

PARTS = Path(settings.BASE_DIR) / "templates" / "components"
# They are parts of rows that only their own pages have, or draw nothing.
ELSEWHERE = {"audit_row", "timeline_entry", "choices", "kept", "refusal"}
LOOKS = {
    "bars": "bars",
    "button": "button",
    "copy": "copy",
    "filter_chips": "filters__group",
    "filter_tokens": "token",
    "sparkline": "spark",
    "stack": "stackchart",
}


@pytest.mark.django_db
def test_every_component_is_shown(operator: User) -> None:
    request = RequestFactory().get("/components/")
    request.user = operator
    html = components(request).content.decode()

    names = {path.stem for path in PARTS.glob("*.html")} - ELSEWHERE
    missing = {name for name in names if f'class="{LOOKS.get(name, name)}' not in html}
    assert not missing
    for word in ("tabs", "timeline", "facts", "rows", "progress", "pager"):
        assert f'class="{word}' in html
