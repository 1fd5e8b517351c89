"""Every name that the bus can carry is accepted; any other leaves nothing behind."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from bus_core.errors import InvalidName
from bus_core.names import MAX_LENGTH, PATTERN, check_name
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import Team
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry.actions import (
    create_event_type,
    create_service,
    create_subscription,
)
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import EventType, Service
from eventbus_admin.registry.revision import current_revision

valid_names = st.one_of(
    st.from_regex(PATTERN, fullmatch=True).filter(lambda name: len(name) <= MAX_LENGTH),
    st.from_regex(r"[A-Za-z][A-Za-z0-9.-]{119}", fullmatch=True),
)
almost_names = st.text(alphabet="aZ0._- \n\0é", max_size=MAX_LENGTH + 5)


def is_valid(name: str) -> bool:
    try:
        check_name(name)
    except InvalidName:
        return False
    return True


class Names(TestCase):
    @settings(deadline=None)  # it writes to a database
    @given(event_type=valid_names, service=valid_names)
    def test_valid_names_make_a_queue_that_the_broker_can_name(
        self, event_type: str, service: str
    ) -> None:
        team = Team.objects.create(name="Journals")
        create_event_type(actor=SYSTEM, name=event_type, owner=team)
        create_service(actor=SYSTEM, name=service, owner=team)

        subscription = create_subscription(actor=SYSTEM, service=service, event_type=event_type)

        assert len(subscription.queue_name.encode()) <= 255
        subscription.refresh_from_db()
        assert (subscription.event_type.name, subscription.service.name) == (event_type, service)

    @given(name=st.one_of(st.text(), almost_names))
    def test_other_names_leave_nothing_half_written(self, name: str) -> None:
        assume(not is_valid(name))
        team = Team.objects.create(name="Journals")

        for create in (create_event_type, create_service):
            with pytest.raises(ActionError) as refusal:
                create(actor=SYSTEM, name=name, owner=team)
            assert (refusal.value.code, refusal.value.field) == ("invalid_name", "name")
            assert refusal.value.message.endswith(".")

        assert not EventType.objects.exists()
        assert not Service.objects.exists()
        assert not AuditEntry.objects.exists()
        assert current_revision() == 0
