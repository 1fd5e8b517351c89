"""Moving messages and replacing queues on the embedded broker."""

from uuid import uuid4

import pytest

from tests.conformance.link_behaviour import LinkBehaviour


class TestMemoryLink(LinkBehaviour):
    @pytest.fixture
    def url(self) -> str:
        return f"memory://{uuid4().hex}"
