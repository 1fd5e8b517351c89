"""The database at the start of a process; what is wrong with it is said in one line."""

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor


def migrate() -> None:
    """Bring the database's tables up to date, in silence; raises `CommandError`."""
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except Error as error:
        raise _unusable(error) from error


def require_migrated() -> None:
    """Raise `CommandError` when the database is away or its tables are not up to date."""
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as error:
        raise _unusable(error) from error
    if plan:
        raise CommandError(
            "The database's tables are not up to date: run `manage.py prepare` first."
        )


def _unusable(error: Error) -> CommandError:
    reason = " ".join(str(error).split())
    return CommandError(f"The database cannot be used (DATABASE_URL): {reason}")
