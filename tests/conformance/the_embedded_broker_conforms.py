"""`memory://` passes the suite that every bus passes, and does with middleware around it."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from bus_core import EventBus, Middleware
from bus_core.middleware import Attempt, Outcome, Publication
from bus_core.testing import Features
from tests.conformance.over_a_link import LinkConformance, Observer


class TestMemory(LinkConformance):
    features = Features(forks=False)

    @pytest.fixture
    def url(self) -> str:
        return f"memory://{uuid.uuid4().hex}"

    def cut(self, broker: Observer, bus: EventBus) -> None:
        bus.link.drop()


class Idle(Middleware):
    """Is there, everywhere, and changes nothing."""

    def publishing(self, publication: Publication) -> None:
        publication.headers["idle"] = "yes"

    def published(
        self, publication: Publication, error: BaseException | None, seconds: float
    ) -> None:
        assert seconds >= 0

    def handle(self, attempt: Attempt, call_next: Callable[[], Any]) -> Any:
        return call_next()

    def handled(self, attempt: Attempt, outcome: Outcome) -> None:
        assert outcome.seconds >= 0


class TestMemoryWithMiddleware(TestMemory):
    def connect(self, broker: Observer, service: str, **options: Any) -> EventBus:
        return super().connect(broker, service, middleware=[Idle(), Idle()], **options)
