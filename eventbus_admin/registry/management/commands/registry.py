"""`manage.py registry`: writes the registry as a file, and brings the registry to one."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.registry.as_code.document import MAX_BYTES, Document, DocumentRefused, Problem
from eventbus_admin.registry.as_code.importing import import_document, plan_import
from eventbus_admin.registry.as_code.plan import Plan, Verb
from eventbus_admin.registry.as_code.reading import read
from eventbus_admin.registry.as_code.showing import text_of
from eventbus_admin.registry.as_code.stored import read_stored
from eventbus_admin.registry.as_code.writing import as_yaml
from eventbus_admin.registry.errors import ActionError

DIFFERS = 2
STANDARD = "-"


class Command(BaseCommand):
    """Exit code 0: done, or nothing to do; 2: a plan has changes; 1: failed, nothing changed."""

    help = (
        "The registry as code. Exit code 0: done, or nothing to do; 2: a plan has changes; "
        "1: it failed and nothing was changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, and with which file."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="export|import")
        export = verbs.add_parser("export", help="write the registry as YAML")
        export.add_argument("file", nargs="?", default=STANDARD, help="standard output without it")
        importing = verbs.add_parser("import", help="bring the registry to a file")
        importing.add_argument("file", help="a YAML file, - for standard input")
        how = importing.add_mutually_exclusive_group()
        how.add_argument(
            "--plan", action="store_true", help="only show what would change (this is the default)"
        )
        how.add_argument("--apply", action="store_true", help="change it, all or nothing")
        importing.add_argument(
            "--prune", action="store_true", help="retire what the file leaves out"
        )
        importing.add_argument(
            "--yes", action="store_true", help="do not ask before something is retired by --prune"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do it, and end with the exit code."""
        if options["verb"] == "export":
            self._export(options["file"])
            return
        try:
            self._import(**options)
        except DocumentRefused as error:
            raise CommandError(_located(options["file"], error.problems)) from error
        except ActionError as error:
            raise CommandError(error.message) from error

    def _export(self, file: str) -> None:
        text = as_yaml(read_stored())
        if file == STANDARD:
            self.stdout.write(text, ending="")
            return
        try:
            Path(file).write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from error

    def _import(self, *, file: str, prune: bool, **options: Any) -> None:
        document = _read(file)
        plan = plan_import(document, prune=prune)
        self.stdout.write(text_of(plan))
        if not plan.changes:
            return
        if not options["apply"]:
            raise SystemExit(DIFFERS)
        if prune and not options["yes"]:
            self._ask(plan)
        import_document(actor=SYSTEM, document=document, prune=prune, plan=plan.id)
        self.stdout.write("Done.")

    def _ask(self, plan: Plan) -> None:
        """Raise `CommandError` unless a person agrees that so much is retired."""
        retired = plan.counts[Verb.RETIRE]
        if not retired:
            return
        if not sys.stdin.isatty():
            raise CommandError(f"This retires {retired}. Nobody can be asked here; say --yes.")
        self.stdout.write(f"This retires {retired}. Go on? [y/N] ", ending="")
        self.stdout.flush()
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise CommandError("Nothing was changed.")


def _read(file: str) -> Document:
    try:
        if file == STANDARD:
            return read(sys.stdin.read(MAX_BYTES + 1))
        with Path(file).open(encoding="utf-8") as stream:
            return read(stream.read(MAX_BYTES + 1))
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is not UTF-8.") from error


def _located(file: str, problems: tuple[Problem, ...]) -> str:
    """Say each problem as compilers do: file, line, key, what is wrong."""
    name = "standard input" if file == STANDARD else file
    return "\n".join(
        ":".join([name, *([str(one.place.line)] if one.place.line else [])])
        + ": "
        + (f"{one.place.key}: " if one.place.key else "")
        + one.message
        for one in problems
    )
