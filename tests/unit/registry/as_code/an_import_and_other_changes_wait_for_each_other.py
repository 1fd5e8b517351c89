"""Imports, other changes and exports at once: each is whole, and none is refused for the others."""

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection, connections

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.registry import actions
from eventbus_admin.registry.as_code.importing import import_document
from eventbus_admin.registry.as_code.reading import read
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import Service, Subscription
from tests.unit.registry.as_code.conftest import exported

NUMBERS = range(6)
TIMES = 15


def document(state: str) -> str:
    """A registry in which everything is in one state and says so."""
    types = "".join(f"  t{n}: {{owner: T, description: {state}}}\n" for n in NUMBERS)
    services = "".join(
        f"  s{n}: {{owner: T, description: {state}, subscribes: {{t{n}: {{state: {state}}}}}}}\n"
        for n in NUMBERS
    )
    return f"version: 1\nteams: {{T: {{}}}}\nevent_types:\n{types}services:\n{services}"


@pytest.mark.django_db(transaction=True)
def test_they_wait_for_each_other() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one write at a time; this is about locks of rows.")
    import_document(actor=SYSTEM, document=read(document("active")))
    done, failed = Counter[str](), []

    def often(what: Callable[[int], object]) -> Callable[[], None]:
        def run() -> None:
            for number in range(TIMES):
                try:
                    what(number)
                    done["done"] += 1
                except ActionError:
                    done["refused: it was in that state already"] += 1
                except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
                    failed.append(repr(error))
            connections.close_all()

        return run

    def bring(number: int) -> None:
        state = ("paused", "active")[number % 2]
        import_document(actor=SYSTEM, document=read(document(state)))

    def pause(number: int) -> None:
        name = number % len(NUMBERS)
        one = Subscription.objects.named(f"t{name}", f"s{name}").get()
        move = (actions.pause_subscription, actions.resume_subscription)[number % 2]
        move(actor=SYSTEM, subscription=one)

    def describe(number: int) -> None:
        name = number % len(NUMBERS)
        actions.change_event_type(actor=SYSTEM, event_type=f"t{name}", description=str(number))
        actions.change_service(actor=SYSTEM, service=f"s{name}", description=str(number))

    def add(number: int) -> None:
        actions.create_service(actor=SYSTEM, name=f"new{number}", owner="T")
        actions.create_subscription(actor=SYSTEM, service=f"new{number}", event_type="t1")

    def write(_number: int) -> None:
        exported()

    deeds = (bring, bring, pause, describe, add, write, write)
    threads = [threading.Thread(target=often(deed)) for deed in deeds]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    print(f"\n{dict(done)}")
    assert failed == []
    assert done.total() == TIMES * len(deeds)
    assert Service.objects.filter(name__startswith="new").count() == TIMES
    # Whole: after one more import everything is as it says.
    import_document(actor=SYSTEM, document=read(document("paused")))
    assert exported().count("description: paused") == 2 * len(NUMBERS)
