"""The admin's reconciler, with a registry of its own in a file of SQLite."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from benchmarks.crowd import CROWDED_VHOST, FEW, pairs, vhost_of_its_own
from benchmarks.job import Figures, Job
from tests.harness.meddler import Meddler

if TYPE_CHECKING:
    from eventbus_admin.broker.rabbitmq import RabbitMQBroker
    from eventbus_admin.reconcile.loop import Reconciler

VHOST = "bench-reconciler"
TIMES = 5


def first_apply(job: Job) -> Figures:
    """Bring an empty broker to what the registry says, and store what is there then."""
    with _registry(), vhost_of_its_own(job.management_url, VHOST):
        _register(pairs(job.events))
        reconciler = _reconciler(_broker(job, job.management_url, VHOST))
        began = time.perf_counter()
        _look(reconciler)
        return {"seconds": time.perf_counter() - began}


def compare(job: Job) -> Figures:
    """Find nothing to do about many subscriptions; how many queries more than about a few."""
    with _registry():
        broker = _broker(job, job.management_url, CROWDED_VHOST)
        reconciler = _reconciler(broker)
        _register(pairs(FEW))
        _look(reconciler)
        few = _queries(reconciler)
        _register(pairs(job.events)[FEW:])
        _look(reconciler)
        took = []
        for _ in range(TIMES):
            began = time.perf_counter()
            _look(reconciler)
            took.append(1000 * (time.perf_counter() - began))
        return {"ms": median(took), "more_queries": _queries(reconciler) - few}


def new_subscription(job: Job) -> Figures:
    """Count the calls that one more subscription of a service takes."""
    with (
        _registry(),
        vhost_of_its_own(job.management_url, VHOST),
        Meddler(job.management_url) as counting,
    ):
        from eventbus_admin.registry.revision import bump_revision

        service, first, second = "service0", "type0", "type1"
        _register([(first, service), (second, "service1")])
        reconciler = _reconciler(_broker(job, counting.url, VHOST))
        _look(reconciler)
        counting.forget()
        _register([(second, service)])
        bump_revision()
        reconciler.turn()
        return {"writes": len(counting.writes), "reads": len(counting.reads)}


@contextmanager
def _registry() -> Iterator[None]:
    """An empty registry."""
    with tempfile.TemporaryDirectory(prefix="bench-registry-") as folder:
        for name in ("DATABASE_URL", "REDIS_URL"):
            os.environ.pop(name, None)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "eventbus_admin.settings",
            "EVENTBUS_VAR_DIR": folder,
            "EVENTBUS_BACKEND": "mock",
        }
        import django
        from django.core.management import call_command
        from django.db import connections

        django.setup()
        call_command("migrate", verbosity=0)
        yield
        connections.close_all()


def _register(wanted: list[tuple[str, str]]) -> None:
    from eventbus_admin.accounts.models import Team
    from eventbus_admin.registry.models import EventType, Service, Subscription

    team, _ = Team.objects.get_or_create(name="Journals")
    types = _by_name(EventType, {name for name, _ in wanted}, team)
    services = _by_name(Service, {name for _, name in wanted}, team)
    Subscription.objects.bulk_create(
        Subscription(event_type=types[event_type], service=services[service])
        for event_type, service in wanted
    )


def _by_name(model: Any, names: set[str], team: object) -> dict[str, Any]:
    there = model.objects.filter(name__in=names).values_list("name", flat=True)
    new = sorted(names - set(there))
    model.objects.bulk_create(model(name=name, owner=team) for name in new)
    return {one.name: one for one in model.objects.filter(name__in=names)}


def _broker(job: Job, management_url: str, vhost: str) -> "RabbitMQBroker":
    from eventbus_admin.broker.rabbitmq import RabbitMQBroker

    parts = urlsplit(job.url)
    amqp_url = urlunsplit(parts._replace(path=f"/{vhost}"))
    return RabbitMQBroker(management_url=management_url, amqp_url=amqp_url)


def _reconciler(broker: "RabbitMQBroker") -> "Reconciler":
    from eventbus_admin.reconcile.lease import Leadership
    from eventbus_admin.reconcile.loop import Reconciler

    leadership = Leadership(seconds=3600)
    leadership.renew()
    return Reconciler(broker=broker, leadership=leadership, compare_seconds=3600)


def _look(reconciler: "Reconciler") -> None:
    """Look at everything, do what is to be done, and store it."""
    from eventbus_admin.reconcile.models import ReconcileState

    reconciler.wake()
    reconciler.turn()
    state = ReconcileState.objects.get()
    if not state.reachable or set(state.counts) - {"in_sync", "unmanaged"}:
        raise RuntimeError(f"the broker is not as it should be: {state.counts} {state.error}")


def _queries(reconciler: "Reconciler") -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as caught:
        _look(reconciler)
    return len(caught)
