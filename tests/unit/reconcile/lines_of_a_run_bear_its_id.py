"""What the leader logs while it carries a run out can be told from everything else."""

from collections.abc import Callable
from typing import Any

import structlog

from bus_core.memory import MemoryBroker
from bus_core.topology import Queue
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.reconcile.actions import request_apply
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.reconcile.loop import Reconciler
from eventbus_admin.reconcile.models import Run
from tests.unit.reconcile.brokers import Wrapped
from tests.unit.runtime.lines import reading

SEVERAL = 9
"""Too many for one thread, too few for a batch."""


class Talking(Wrapped):
    """A broker whose client says something about each queue that it makes."""

    def declare_queue(self, queue: Queue) -> None:
        structlog.get_logger("client").info("queue made", name=queue.name)
        super().declare_queue(queue)


def test_its_lines_and_those_of_its_threads(
    db: None, memory: MemoryBroker, make_subscription: Callable[..., Any]
) -> None:
    leadership = Leadership()
    leadership.renew()
    reconciler = Reconciler(broker=Talking(MockBroker(memory)), leadership=leadership)
    queues = [f"consumer__T{number}__s" for number in range(SEVERAL)]
    for number in range(SEVERAL):
        make_subscription(f"T{number}", "s")
    reconciler.turn()
    for queue in queues:
        memory.delete_queue(queue)
    reconciler.wake()
    reconciler.turn()
    run = request_apply(actor=SYSTEM)

    with reading() as lines:
        reconciler.turn()

    assert Run.objects.get(pk=run.pk).state == Run.State.DONE
    told = lines.of("queue made")
    assert {line["name"] for line in told} >= set(queues)
    for line in (*told, *lines.of("run begun"), *lines.of("applied"), *lines.of("run ended")):
        assert line["run_id"] == str(run.pk)
    assert lines.of("run ended")[0]["state"] == "done"
    with reading() as lines:
        reconciler.turn()
    assert "run_id" not in lines.text
