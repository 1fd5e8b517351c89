"""While the database is away messages stay with the broker, and are written when it is back."""

import pytest
from django.db import OperationalError

from eventbus_admin.deadletters import loop
from eventbus_admin.deadletters.models import DeadLetter
from eventbus_admin.deadletters.sources import PREFETCH
from tests.harness.poll import wait_until
from tests.unit.deadletters.conftest import Bench


@pytest.mark.django_db(transaction=True)
def test_it_waits_and_goes_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("the database is away")

    bench.session.turn()
    bench.publish(*range(50))
    wait_until(lambda: bench.in_queue() == 50)
    with monkeypatch.context() as patched:
        patched.setattr(loop, "take_in", away)
        wait_until(lambda: bench.session._sources.waiting(100))
        for _ in range(3):
            bench.session._due.clear()
            assert bench.session._turn_safely() == loop.AWAY_SECONDS
        assert bench.in_queue() == 50, "nothing was acknowledged"
        assert len(bench.session._sources.waiting(100)) <= PREFETCH, "what is held is bounded"

    bench.taken_in(50)
    bench.until(lambda: bench.in_queue() == 0)


def test_one_that_cannot_be_written_holds_up_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in = loop.take_in

    def picky(fence, arrived):  # type: ignore[no-untyped-def]
        if any(one.delivery.message.body == b"poison" for one in arrived):
            raise ValueError("this cannot be written")
        return take_in(fence, arrived)

    monkeypatch.setattr(loop, "take_in", picky)
    gone = "consumer__gone__meca-exporter"
    for body in (b"1", b"poison", b"2"):
        bench.put(body, key=gone)
    bench.taken_in(2)
    assert {bytes(one.body) for one in DeadLetter.objects.all()} == {b"1", b"2"}
    assert bench.in_queue() == 1, "it stays with the broker"
