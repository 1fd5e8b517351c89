"""`manage.py reconcile`: shows what differs between registry and broker, or makes it go away."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from eventbus_admin.broker.errors import BrokerError
from eventbus_admin.broker.factory import current_broker, is_mock
from eventbus_admin.broker.interface import Broker
from eventbus_admin.reconcile.apply import StepResult
from eventbus_admin.reconcile.cycle import compare, reconcile_once
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.reconcile.plan import Item, Plan, StepKind
from eventbus_admin.reconcile.policy import ApplyAll

DIFFERS = 2


class Command(BaseCommand):
    """Exit code 0: the broker has all that the registry asks for; 2: it has not; 1: failed.

    What is on the broker and unknown to the registry is shown and does not count.
    """

    help = (
        "Compare the registry with the broker. Exit code 0: the broker has all that the registry "
        "asks for; 2: something differs, or is left after --apply; 1: the broker cannot be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, and how to print it."""
        verb = parser.add_mutually_exclusive_group()
        verb.add_argument(
            "--plan", action="store_true", help="only show what differs (this is the default)"
        )
        verb.add_argument(
            "--apply",
            action="store_true",
            help="make what is missing and change back what differs; nothing is ever deleted",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Compare, apply if asked to, print, and end with the exit code."""
        if is_mock():
            raise CommandError(
                "The embedded broker lives inside the server's process and is kept in order there; "
                "look at the server's Drift page."
            )
        try:
            broker = current_broker()
            results, plan = self._apply(broker) if options["apply"] else ((), compare(broker))
        except (BrokerError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self._print_json(results, plan)
        else:
            self._print(results, plan)
        if any(one.step is not StepKind.UNMANAGED for one in plan.steps):
            raise SystemExit(DIFFERS)

    def _apply(self, broker: Broker) -> tuple[tuple[StepResult, ...], Plan]:
        """Apply everything; the result is stored here when no worker leads, by it otherwise."""
        leadership = Leadership(holder="manage.py reconcile")
        try:
            done = reconcile_once(broker, fence=leadership.renew(), policy=ApplyAll())
        finally:
            leadership.release()
        if done.error:
            raise CommandError(done.error)
        return done.results, done.plan

    def _print(self, results: tuple[StepResult, ...], plan: Plan) -> None:
        for result in results:
            word = "done" if result.done else "failed"
            self.stdout.write(f"{word:<10} {_label(result.item)}")
            if result.error:
                self.stdout.write(f"{'':<10} {result.error}")
        for item in plan.steps:
            self.stdout.write(f"{item.step or '':<10} {_label(item)}")
            self.stdout.write(f"{'':<10} {item.reason}")
        counts = ", ".join(f"{count} {sync}" for sync, count in _words(plan).items())
        self.stdout.write(f"{counts or 'nothing to compare'}.")

    def _print_json(self, results: tuple[StepResult, ...], plan: Plan) -> None:
        document = {
            "counts": plan.counts,
            "applied": [_document(one.item) | {"error": one.error} for one in results],
            "steps": [
                _document(one) | {"should": one.should, "found": one.found} for one in plan.steps
            ],
        }
        self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False))


def _label(item: Item) -> str:
    return f"{item.object:<9} {item.name}"


def _words(plan: Plan) -> dict[str, int]:
    return {sync.replace("_", " "): count for sync, count in plan.counts.items()}


def _document(item: Item) -> dict[str, Any]:
    return {
        "kind": item.step,
        "object": item.object,
        "name": item.name,
        "reason": item.reason,
    }
