"""`Broadcaster`: from the feed's thread to every socket, through the channel layer."""

import asyncio
import concurrent.futures
import threading
from typing import Any

import structlog
from channels.layers import get_channel_layer

from eventbus_admin.feed.frames import GROUP

SEND_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Broadcaster:
    """Sends to the feed's group, from any thread but the loop's own.

    The in-memory layer belongs to one event loop: give it the server's. Through Redis any loop
    will do: without one, this runs its own on a thread until closed.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._own = loop is None
        self._loop = loop or asyncio.new_event_loop()
        self._away = False
        if self._own:
            self._thread = threading.Thread(
                target=self._loop.run_forever, name="feed-broadcast", daemon=True
            )
            self._thread.start()

    def send(self, message: dict[str, Any]) -> bool:
        """Send a message to all sockets; waits up to 5 s and returns whether it went out.

        What did not go out is not sent again: a socket sees by the next message what it missed.
        """
        coroutine = self._send(message)
        try:
            sending = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        except RuntimeError:  # the loop was closed
            coroutine.close()
            return False
        try:
            sending.result(SEND_SECONDS)
        except concurrent.futures.CancelledError:
            return False
        except Exception as error:  # noqa: BLE001 - layers raise whatever their clients raise
            sending.cancel()
            self._say_away(error)
            return False
        self._away = False
        return True

    def close(self) -> None:
        """End the loop, if it is its own."""
        if not self._own or self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SEND_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()

    async def _send(self, message: dict[str, Any]) -> None:
        await get_channel_layer().group_send(GROUP, message)

    def _say_away(self, error: Exception) -> None:
        if not self._away:
            log.warning("feed.layer_away", error=str(error) or type(error).__name__)
        self._away = True
