"""`memory://` passes the suite that every bus passes."""

import uuid

import pytest

from bus_core import EventBus
from bus_core.testing import Features
from tests.conformance.over_a_link import LinkConformance, Observer


class TestMemory(LinkConformance):
    features = Features(forks=False)

    @pytest.fixture
    def url(self) -> str:
        return f"memory://{uuid.uuid4().hex}"

    def cut(self, broker: Observer, bus: EventBus) -> None:
        bus.link.drop()
