"""`manage.py reconcile`: shows what differs between registry and broker, or makes it go away."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from eventbus_admin.broker.errors import BrokerError
from eventbus_admin.broker.factory import current_broker, is_mock
from eventbus_admin.broker.interface import Broker
from eventbus_admin.reconcile import runs
from eventbus_admin.reconcile.apply import StepResult
from eventbus_admin.reconcile.cycle import compare, reconcile_once
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.reconcile.models import Sync
from eventbus_admin.reconcile.objects import Key, is_chosen, step_id
from eventbus_admin.reconcile.plan import Item, Plan
from eventbus_admin.reconcile.policy import Apply, ApplyAll, apply_setting, said

DIFFERS = 2


class Command(BaseCommand):
    """Exit code 0: the broker has all that the registry asks for; 2: it has not; 1: failed.

    What is on the broker and unknown to the registry is shown and does not count.
    """

    help = (
        "Compare the registry with the broker. Exit code 0: the broker has all that the registry "
        "asks for; 2: something differs, or is left after --apply; 1: the broker cannot be read."
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._quiet = False
        self._told: dict[Key, str] = {}

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, and how to print it."""
        verb = parser.add_mutually_exclusive_group()
        verb.add_argument(
            "--plan", action="store_true", help="only show what differs (this is the default)"
        )
        verb.add_argument(
            "--apply",
            action="store_true",
            help="make what is missing, change back what differs, take revoked users away; no "
            "queue is ever deleted",
        )
        parser.add_argument(
            "--only",
            action="append",
            metavar="STEP",
            help='with --apply: only this step, like "queue consumer__exportRequested__audit" '
            "or by name; may be given several times",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Compare, apply if asked to, print, and end with the exit code."""
        if is_mock():
            raise CommandError(
                "The embedded broker lives inside the server's process and is kept in order there; "
                "look at the server's Drift page."
            )
        if options["only"] and not options["apply"]:
            raise CommandError("--only chooses what --apply does: give both.")
        self._quiet = options["json"]
        try:
            broker = current_broker()
            if options["apply"]:
                results, plan = self._apply(broker, options["only"])
            else:
                results, plan = (), compare(broker)
        except (BrokerError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self._print_json(results, plan)
        else:
            self._print(results, plan)
        if any(one.sync is not Sync.UNMANAGED for one in plan.steps):
            raise SystemExit(DIFFERS)

    def _apply(self, broker: Broker, only: list[str] | None) -> tuple[tuple[StepResult, ...], Plan]:
        """Apply everything or what was chosen, and say of each step how it ended.

        The result is stored here when no worker leads, by it otherwise.
        """
        if only:
            self._require_known(compare(broker), only)
        leadership = Leadership(holder="manage.py reconcile")
        try:
            done = reconcile_once(
                broker,
                fence=leadership.renew(),
                policy=ApplyAll(frozenset(only) if only else None),
                progress=self._tell,
            )
        finally:
            leadership.release()
        runs.record(done, "Asked for on the command line")
        if done.error:
            raise CommandError(done.error)
        return done.results, done.plan

    def _require_known(self, plan: Plan, only: list[str]) -> None:
        for text in only:
            if not any(is_chosen(one.object, one.name, (text,)) for one in plan.applicable):
                raise CommandError(f"The plan can do nothing about {text}.")

    def _tell(self, result: StepResult) -> None:
        if self._quiet:
            return
        self._told[result.item.key] = result.error
        word = "done" if result.done else "failed"
        self.stdout.write(f"{word:<10} {_label(result.item)}")
        if result.error:
            self.stdout.write(f"{'':<10} {result.error}")

    def _print(self, results: tuple[StepResult, ...], plan: Plan) -> None:
        # What is there afterwards may correct what was said as it went.
        for result in results:
            if result.error != self._told.get(result.item.key):
                self._tell(result)
        for item in plan.steps:
            self.stdout.write(f"{item.step or '':<10} {_label(item)}")
            for sentence in (item.reason, item.impact):
                if sentence:
                    self.stdout.write(f"{'':<10} {sentence}")
        if (setting := apply_setting()) is not Apply.SYNC:
            self.stdout.write(said(setting, heals=settings.EVENTBUS_SELF_HEAL))
        counts = ", ".join(f"{count} {sync}" for sync, count in _words(plan).items())
        self.stdout.write(f"{counts or 'nothing to compare'}.")

    def _print_json(self, results: tuple[StepResult, ...], plan: Plan) -> None:
        document = {
            "counts": plan.counts,
            "applied": [_document(one.item) | {"error": one.error} for one in results],
            "steps": [
                _document(one)
                | {"applies": one.applicable, "should": one.should, "found": one.found}
                for one in plan.steps
            ],
        }
        self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False))


def _label(item: Item) -> str:
    return f"{item.object:<9} {item.name}"


def _words(plan: Plan) -> dict[str, int]:
    return {sync.replace("_", " "): count for sync, count in plan.counts.items()}


def _document(item: Item) -> dict[str, Any]:
    return {
        "id": step_id(item.object, item.name),
        "kind": item.step,
        "object": item.object,
        "name": item.name,
        "reason": item.reason,
        "impact": item.impact,
    }
