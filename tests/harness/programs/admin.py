"""The admin's worker and what people do with it, each as a process of its own.

Usage: python -m tests.harness.programs.admin COMMAND …
`prepare EVENT_TYPE SERVICE KIND` makes the database and registers a subscription, `retire` ends it,
`work` runs until SIGTERM, `swap KIND`, `remove MESSAGES`, `restore` ask for an operation on its
queue, `pause`, `resume` and `cancel` act on the latest one.
"""

import os
import signal
import sys
import threading

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eventbus_admin.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from eventbus_admin.accounts.actor import SYSTEM  # noqa: E402
from eventbus_admin.accounts.models import Team  # noqa: E402
from eventbus_admin.feed.broadcast import Broadcaster  # noqa: E402
from eventbus_admin.reconcile.operations import actions  # noqa: E402
from eventbus_admin.reconcile.operations.models import Operation, Quarantine  # noqa: E402
from eventbus_admin.registry.models import EventType, Service, Subscription  # noqa: E402
from eventbus_admin.runtime.worker import Worker, run_until  # noqa: E402


def main(command: str, *values: str) -> None:
    """Do what was asked for."""
    {
        "prepare": prepare,
        "retire": lambda: Subscription.objects.update(state="retired"),
        "work": work,
        "swap": lambda kind: actions.request_swap(actor=SYSTEM, queue=queue(), kind=kind or None),
        "remove": lambda messages: actions.request_removal(
            actor=SYSTEM, object_kind="queue", name=queue(), messages=messages, typed=queue()
        ),
        "restore": lambda: actions.request_restore(
            actor=SYSTEM, quarantine=Quarantine.objects.latest("created")
        ),
        "pause": lambda: actions.pause_operation(actor=SYSTEM, operation=latest()),
        "resume": lambda: actions.resume_operation(actor=SYSTEM, operation=latest()),
        "cancel": lambda: actions.cancel_operation(actor=SYSTEM, operation=latest()),
        "revive": lambda: Subscription.objects.update(state="active"),
    }[command](*values)


def prepare(event_type: str, service: str, kind: str) -> None:
    """Register a subscription."""
    call_command("migrate", verbosity=0)
    team = Team.objects.create(name="Journals")
    Subscription.objects.create(
        event_type=EventType.objects.create(name=event_type, owner=team),
        service=Service.objects.create(name=service, owner=team),
        kind=kind,
    )


def work() -> None:
    """Run the worker, past the server."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    print("working", flush=True)
    run_until(stop, Worker(Broadcaster()))


def queue() -> str:
    """Name of the subscription's queue."""
    return Subscription.objects.get().queue_name


def latest() -> Operation:
    """Return the operation that was asked for last."""
    return Operation.objects.latest("created")


if __name__ == "__main__":
    main(*sys.argv[1:])
