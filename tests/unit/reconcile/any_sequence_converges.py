"""Whatever happens in whatever order, registry and broker agree in the end; on the mock."""

import pytest

from bus_core.memory import MemoryBroker
from eventbus_admin.broker.mock import MockBroker
from tests.unit.broker.the_embedded_broker_behaves_like_every_broker import MemoryHands
from tests.unit.reconcile.world import Place, play


def embedded() -> Place:
    memory = MemoryBroker()
    return Place(
        make_broker=lambda: MockBroker(memory),
        hands=MemoryHands(memory),
        close=lambda: None,
    )


@pytest.mark.django_db
def test_on_the_embedded_broker() -> None:
    tally = play(embedded, max_examples=25, stateful_step_count=25)
    print(f"\n{tally}")
    assert tally["worlds"] >= 25
