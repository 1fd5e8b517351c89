"""The strict policy holds: what pages load comes from files of ours."""

from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from django.test import Client, override_settings

from eventbus_admin.accounts.models import User
from eventbus_admin.registry.models import Subscription


class Inline(HTMLParser):
    """Collects what the policy would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        self._in_script = tag == "script"
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(f"<{tag}>")
        self.found += [f"{tag} {name}" for name in names if name == "style" or name[:2] == "on"]
        for name, value in attrs:
            if (value or "").lower().startswith(("javascript:", "http://", "https://", "//")):
                self.found.append(f"{tag} {name}={value}")
            if name.startswith("hx-on") or (value or "").startswith("js:"):
                self.found.append(f"{tag} {name}")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.found.append(data)


def inline_parts(html: str) -> list[str]:
    """Return what a page has inline."""
    parser = Inline()
    parser.feed(html)
    return parser.found


def test_each_page_is_free_of_them(
    console_page: str, world: Subscription, operator: User, signed_in: Callable[[User], Client]
) -> None:
    answer = signed_in(operator).get(console_page)
    assert inline_parts(answer.content.decode()) == []
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/login/", "/nowhere/"])
def test_pages_outside_of_the_shell_are_too(path: str) -> None:
    answer = Client().get(path)
    assert inline_parts(answer.content.decode()) == []
    assert "Content-Security-Policy" in answer


def test_the_error_pages_are_too(operator: User, signed_in: Callable[[User], Client]) -> None:
    from django.template.loader import render_to_string

    for template in ("404.html", "403.html", "403_csrf.html", "500.html"):
        assert inline_parts(render_to_string(template)) == []


def test_the_page_of_all_components_is_too(operator: User, settings: object) -> None:
    from django.test import RequestFactory

    from eventbus_admin.console.views.components import components

    with override_settings(DEBUG=True):
        request = RequestFactory().get("/components/")
        request.user = operator
        assert inline_parts(components(request).content.decode()) == []


@pytest.mark.django_db
def test_htmx_is_told_to_keep_to_the_policy() -> None:
    html = Client().get("/login/").content.decode()
    assert '"includeIndicatorStyles": false' in html
    assert '"allowEval": false' in html
