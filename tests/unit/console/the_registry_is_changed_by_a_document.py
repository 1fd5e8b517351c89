"""The page "Registry as code": download, plan, and import after a second look."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from eventbus_admin.accounts.models import User
from eventbus_admin.registry.as_code.stored import read_stored
from eventbus_admin.registry.as_code.writing import as_yaml
from eventbus_admin.registry.models import Service, Subscription
from tests.unit.console.no_page_has_inline_script_or_style import inline_parts

PAGE, DOWNLOAD, PLAN, IMPORT = (
    f"/registry/{part}" for part in ("", "download/", "plan/", "import/")
)
NEW = "version: 1\nservices:\n  export-manager:\n    contact: ops@example.org\n"

Browser = Callable[[User], Client]


def contact() -> str:
    return Service.objects.get(name="export-manager").contact


def test_it_is_downloaded(world: Subscription, viewer: User, signed_in: Browser) -> None:
    answer = signed_in(viewer).get(DOWNLOAD)
    assert answer.content.decode() == as_yaml(read_stored())
    assert answer["Content-Disposition"] == 'attachment; filename="registry.yaml"'


def test_a_file_is_planned_then_imported(
    world: Subscription, operator: User, signed_in: Browser
) -> None:
    client = signed_in(operator)
    answer = client.post(PLAN, {"file": SimpleUploadedFile("r.yaml", NEW.encode())})
    page = answer.content.decode()
    assert inline_parts(page) == []
    assert "1 to change." in page
    assert '<span data-sign="+">+ contact: ops@example.org\n</span>' in page
    assert contact() == ""
    form = answer.context["form"]
    sent = {"document": form["document"].value(), "plan": form["plan"].value()}
    answer = client.post(IMPORT, sent, follow=True)
    assert "Imported: 1 changed." in answer.content.decode()
    assert contact() == "ops@example.org"
    assert "Nothing to do" in client.post(PLAN, {"document": NEW}).content.decode()


def test_lines_may_end_as_browsers_send_them(
    world: Subscription, operator: User, signed_in: Browser
) -> None:
    text = as_yaml(read_stored()).replace("\n", "\r\n")
    answer = signed_in(operator).post(PLAN, {"document": text})
    assert answer.context["plan"].changes == ()


def test_an_import_without_its_plan_or_with_an_old_one_is_refused(
    world: Subscription, operator: User, signed_in: Browser
) -> None:
    client = signed_in(operator)
    for plan in ("", "7f3a91c04be2d615"):
        page = client.post(IMPORT, {"document": NEW, "plan": plan}).content.decode()
        assert "The registry has changed since you saw the plan." in page
        assert "ops@example.org" in page, "what was typed is still there"
        assert contact() == ""


@pytest.mark.parametrize("path", [PLAN, IMPORT])
def test_mistakes_are_listed_with_their_lines(
    path: str, world: Subscription, operator: User, signed_in: Browser
) -> None:
    answer = signed_in(operator).post(path, {"document": NEW + "  <b>x</b>: {}\n"})
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "<strong>Line 5</strong>" in page
    assert "<b>" not in page
    assert inline_parts(page) == []


def test_a_file_that_is_no_text_is_refused_at_its_field(
    world: Subscription, operator: User, signed_in: Browser
) -> None:
    answer = signed_in(operator).post(PLAN, {"file": SimpleUploadedFile("r.yaml", b"\xe9")})
    assert "This file is not UTF-8." in answer.content.decode()


def test_others_see_the_plan_and_who_may_import_it(
    world: Subscription, member: User, signed_in: Browser
) -> None:
    client = signed_in(member)
    answer = client.post(PLAN, {"document": NEW})
    page = answer.content.decode()
    assert "Only operators may import the registry." in page
    assert 'id="import-dialog"' not in page
    sent = {"document": NEW, "plan": answer.context["plan"].id}
    page = client.post(IMPORT, sent).content.decode()
    assert "Only operators may import the registry." in page
    assert contact() == ""


def test_pruning_says_how_much_ends(
    world: Subscription, operator: User, signed_in: Browser
) -> None:
    client = signed_in(operator)
    answer = client.post(PLAN, {"document": "version: 1", "prune": "on"})
    page = answer.content.decode()
    assert "3 things will be retired. Queues stay until somebody removes them." in page
    assert "The service export-manager stays" in page
    sent = {"document": "version: 1", "prune": "on", "plan": answer.context["plan"].id}
    client.post(IMPORT, sent)
    assert Subscription.objects.get().state == "retired"
