"""Names of services and event types are taken once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import Team
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry.actions import create_event_type, create_service
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import EventType, Service
from eventbus_admin.registry.revision import current_revision

BOTH = pytest.mark.parametrize(
    ("create", "model", "sentence"),
    [
        (create_service, Service, "A service named crossref exists."),
        (create_event_type, EventType, "An event type named crossref exists."),
    ],
)


@BOTH
def test_the_second_is_told_that_it_is_taken(
    create: Callable[..., Any], model: Any, sentence: str, journals: Team
) -> None:
    create(actor=SYSTEM, name="crossref", owner=journals)

    with pytest.raises(ActionError) as refusal:
        create(actor=SYSTEM, name="crossref", owner=journals)

    assert (refusal.value.code, refusal.value.field) == ("name_taken", "name")
    assert refusal.value.message.startswith(sentence)
    assert model.objects.count() == AuditEntry.objects.count() == current_revision() == 1


@BOTH
def test_the_refusal_leaves_the_callers_transaction_usable(
    create: Callable[..., Any], model: Any, sentence: str, journals: Team
) -> None:
    # Given one who inserts many in one transaction, of which somebody took one meanwhile; there
    # is no look before the insert, so this is also what two who come at once see
    model.objects.create(name="crossref", owner=journals, description="theirs")

    with transaction.atomic():
        create(actor=SYSTEM, name="before", owner=journals)
        with pytest.raises(ActionError, match="exists"):
            create(actor=SYSTEM, name="crossref", owner=journals, description="ours")
        create(actor=SYSTEM, name="after", owner=journals)

    stored = set(model.objects.values_list("name", "description"))
    assert stored == {("before", ""), ("crossref", "theirs"), ("after", "")}


def test_an_event_type_may_be_called_like_a_service(journals: Team) -> None:
    create_service(actor=SYSTEM, name="crossref", owner=journals)
    create_event_type(actor=SYSTEM, name="crossref", owner=journals)

    assert EventType.objects.get().name == Service.objects.get().name
