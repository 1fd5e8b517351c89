"""Database connections of Django, looked after around handlers as Django does around requests.

A connection that is past its age or broken is closed before and after each handler; the next query
opens another. Django is never imported here: without it, nothing happens and nothing is paid.

Django keeps its connections by thread. A plain handler runs on one of the bus's own, as does the
middleware around any handler. The database calls of an async handler run on asgiref's thread for
them, so that is where its connections are looked after.
"""

import logging
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

ArgumentT = TypeVar("ArgumentT")


def with_fresh_connections(call: Callable[[ArgumentT], Any]) -> Callable[[ArgumentT], Any]:
    """Return `call` with connections looked after, or as it is when there is no Django."""
    close_old_connections = _close_old_connections()
    if close_old_connections is None:
        return call

    def fresh(argument: ArgumentT) -> Any:
        close_old_connections()
        try:
            return call(argument)
        finally:
            close_old_connections()

    return fresh


def async_with_fresh_connections(
    call: Callable[[ArgumentT], Coroutine[Any, Any, Any]],
) -> Callable[[ArgumentT], Coroutine[Any, Any, Any]]:
    """Do the same for a coroutine function."""
    close_old_connections = _close_old_connections()
    if close_old_connections is None:
        return call
    on_database_thread = sys.modules["asgiref.sync"].sync_to_async(close_old_connections)

    async def fresh(argument: ArgumentT) -> Any:
        await on_database_thread()
        try:
            return await call(argument)
        finally:
            await on_database_thread()

    return fresh


def _close_old_connections() -> Callable[[], None] | None:
    """Return Django's own function, where Django is loaded and knows its settings."""
    database, conf = sys.modules.get("django.db"), sys.modules.get("django.conf")
    if database is None or conf is None or not conf.settings.configured:
        return None

    def close_old_connections() -> None:
        try:
            database.close_old_connections()
        except Exception:
            # What is wrong with a connection is for the next query to say: the event is not lost,
            # nor handled twice, for want of tidiness.
            logger.warning("database connections were not looked after", exc_info=True)

    return close_old_connections
