"""What `docs/registry-as-code.md` shows can be imported, and it names every key."""

import re
from pathlib import Path

import pytest

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.registry.as_code.document import DocumentRefused, Kind
from eventbus_admin.registry.as_code.fields import FIELDS
from eventbus_admin.registry.as_code.importing import import_document, plan_import
from eventbus_admin.registry.as_code.reading import PUBLISHES, SUBSCRIBES, read
from eventbus_admin.registry.models import Publication, Subscription

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "registry-as-code.md").read_text()
(SAMPLE,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
ROWS = dict(
    re.findall(r"^\| an? (team|event type|service|subscription) \| (.*) \|$", PAGE, re.MULTILINE)
)


@pytest.mark.django_db
def test_the_sample_fills_an_empty_registry() -> None:
    import_document(actor=SYSTEM, document=read(SAMPLE))
    assert str(Subscription.objects.get()) == "exportRequested → meca-exporter"
    assert str(Publication.objects.get()) == "meca-exporter publishes exportSuccessful"
    assert plan_import(read(SAMPLE), prune=True).changes == ()


@pytest.mark.parametrize("kind", ["team", "event type", "service", "subscription"])
def test_the_table_names_every_key(kind: str) -> None:
    named = re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", ROWS[kind]))
    nested = [PUBLISHES, SUBSCRIBES] if kind == "service" else []
    assert named == [*FIELDS[Kind(kind.replace(" ", "_"))], *nested]


@pytest.mark.django_db
def test_mistakes_are_told_as_it_shows() -> None:
    for wrong, right, message in (
        (
            "meca-exporter:\n    owner: Exportz",
            "meca-exporter:\n    owner: Exports",
            "no team Exportz",
        ),
        ("        atempts: 10", "        attempts: 10", "There is no such key. Known: state, kind"),
    ):
        with pytest.raises(DocumentRefused) as refused:
            plan_import(read(SAMPLE.replace(right, wrong)))
        (found,) = refused.value.problems
        assert message in found.message
        assert found.message in PAGE
        assert f": {found.place.key}: {found.message}" in PAGE
