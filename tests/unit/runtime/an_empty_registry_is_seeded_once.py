"""The first run on an empty database has the example story in its registry."""

import pytest

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import ApiToken, Team
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.integrators.models import AccessRequest
from eventbus_admin.registry.actions import retire_subscription
from eventbus_admin.registry.models import EventType, Publication, Service, Subscription
from eventbus_admin.runtime.seed import seed_if_empty

pytestmark = pytest.mark.django_db


def test_the_story_is_complete() -> None:
    assert seed_if_empty()

    assert {str(one) for one in Publication.objects.select_related("service", "event_type")} == {
        "submission publishes exportRequested",
        "submission publishes journalJoined",
        "export-manager publishes beginMecaExport",
        "export-manager publishes beginCrossrefExport",
        "meca-exporter publishes exportSuccessful",
        "crossref-exporter publishes exportSuccessful",
        "datacite-exporter publishes exportSuccessful",
    }
    assert {str(one) for one in Subscription.objects.select_related("service", "event_type")} == {
        "exportRequested → export-manager",
        "beginMecaExport → meca-exporter",
        "beginCrossrefExport → crossref-exporter",
        "exportSuccessful → submission",
        "journalJoined → statistics",
        "exportRequested → datacite-exporter",
    }
    assert all(one.description and one.example for one in EventType.objects.all())
    assert all(one.description for one in Service.objects.exclude(name="datacite-exporter"))


def test_somebody_waits_for_a_decision_and_somebody_is_paused() -> None:
    seed_if_empty()

    assert set(AccessRequest.objects.waiting().values_list("service__name", "kind")) == {
        ("datacite-exporter", "publication"),
        ("datacite-exporter", "subscription"),
    }
    assert Publication.objects.get(service__name="datacite-exporter").state == "requested"
    assert Subscription.objects.get(service__name="statistics").state == "paused"


def test_a_service_of_somebody_outside_has_a_token() -> None:
    seed_if_empty()

    assert [one.owner for one in ApiToken.objects.all()] == ["crossref-exporter"]
    assert Team.objects.get(is_outside=True, services__name="crossref-exporter").name == "Crossref"


def test_it_is_one_deed_of_the_system() -> None:
    seed_if_empty()

    assert set(AuditEntry.objects.values_list("actor_name", flat=True)) == {SYSTEM.name}
    assert AuditEntry.objects.values("group").distinct().count() == 1


def test_a_second_start_changes_nothing() -> None:
    seed_if_empty()
    subscription = Subscription.objects.select_related("event_type", "service").first()
    assert subscription is not None
    retire_subscription(actor=SYSTEM, subscription=subscription)
    before = AuditEntry.objects.count()

    assert not seed_if_empty()
    assert AuditEntry.objects.count() == before


def test_a_registry_that_somebody_emptied_stays_empty() -> None:
    seed_if_empty()
    for model in (AccessRequest, Subscription, Publication, EventType, Service):
        model.objects.all().delete()

    assert not seed_if_empty()
    assert not Service.objects.exists()
