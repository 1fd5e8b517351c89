"""`FeedConsumer`: one open page of the feed."""

import asyncio
import contextlib
from collections import OrderedDict
from importlib import import_module
from typing import Any, cast
from urllib.parse import parse_qsl

from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import Error

from eventbus_admin.feed import frames
from eventbus_admin.feed.losses import Losses
from eventbus_admin.feed.outbox import Outbox
from eventbus_admin.feed.sight import SocketSight
from eventbus_admin.feed.sockets import SOCKETS
from eventbus_admin.journal import reads
from eventbus_admin.journal.rows import EventFilter, Row
from eventbus_admin.journal.sight import Sight

NOT_SIGNED_IN = 4401
NO_FILTER = 4400
TRY_AGAIN_LATER = 1013
HISTORY = 100
REMEMBERED = 5_000
"""Ids of what was shown, so that nothing is shown twice and outcomes find their events."""
SIGNED_IN_SECONDS = 60.0
"""How often it is asked whether the person is still signed in."""


class FeedConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    """Shows the events that pass the filter in its address: `?type=&service=&text=`.

    Nothing here waits for the socket but its own sending task: what a slow one cannot take is
    dropped from its outbox and counted.
    """

    async def connect(self) -> None:
        """Accept whoever signed in; others are told so by the closing code."""
        # A code that comes before accepting would be lost on its way through the browser.
        await self.accept()
        self._sending: asyncio.Task[None] | None = None
        if not self.scope["user"].is_authenticated:
            await self.close(NOT_SIGNED_IN)
            return
        wanted = _filter(self.scope["query_string"])
        if wanted is None:
            await self.close(NO_FILTER, "The address holds a null character.")
            return
        self._filter = wanted
        self._sight = SocketSight(self.scope["user"])
        self._outbox = Outbox()
        self._losses = Losses()
        self._sent: OrderedDict[str, None] = OrderedDict()
        self._rate = 0.0
        self._wake = asyncio.Event()
        SOCKETS.add(self)
        # The group first: what comes while the history is read waits, and is told after it.
        await self.channel_layer.group_add(frames.GROUP, self.channel_name)
        try:
            sight = await self._sight.now()
            history = await database_sync_to_async(reads.last_rows)(
                self._filter, sight=sight, limit=HISTORY
            )
        except Error:
            await self.close(TRY_AGAIN_LATER)
            return
        self._remember(history)
        await self.send(frames.text({"kind": "hello", "history": history, "dropped": 0}))
        self._sending = asyncio.create_task(self._send_what_waits())

    async def disconnect(self, code: int) -> None:  # noqa: ARG002 - Channels' signature
        """Leave the group."""
        SOCKETS.remove(self)
        await self.channel_layer.group_discard(frames.GROUP, self.channel_name)
        if self._sending is not None:
            self._sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await self._sending

    @property
    def dropped(self) -> int:
        """Events that it was not shown, though its filter lets them through."""
        return self._losses.count + self._outbox.dropped

    # -- what the pump tells ---------------------------------------------------------------------

    async def feed_events(self, message: dict[str, Any]) -> None:
        """Events were published."""
        self._note(message, message["count"])
        sight = await self._sight.now()
        new = (one for one in frames.rows(message) if one["row"]["id"] not in self._sent)
        rows = (frames.passing(one, self._filter, sight) for one in new)
        self._show([row for row in rows if row is not None])

    async def feed_outcomes(self, message: dict[str, Any]) -> None:
        """Services reported what became of events."""
        self._note(message)
        sight = await self._sight.now()
        told = [frames.outcome_for(one, sight) for one in frames.rows(message)]
        if self._filter.service:
            await self._show_newly_concerned(told, sight)
        if self._filter:
            told = [one for one in told if one["event_id"] in self._sent]
        self._outbox.put_outcomes(told)
        self._wake.set()

    async def feed_meter(self, message: dict[str, Any]) -> None:
        """How things stand."""
        self._note(message)
        self._outbox.put_meter()
        self._wake.set()

    # -- inside ----------------------------------------------------------------------------------

    def _note(self, message: dict[str, Any], count: int = 0) -> None:
        self._losses.follow(cast(frames.Progress, message), count)
        self._rate = message["rate"]

    async def _show_newly_concerned(self, told: list[frames.EventOutcome], sight: Sight) -> None:
        """Show events that pass only now that the filter's service did something with them."""
        new = [
            one["event_id"]
            for one in told
            if one["service"] == self._filter.service and one["event_id"] not in self._sent
        ]
        if new:
            with contextlib.suppress(Error):  # the database is away: then it stays as it is
                self._show(await database_sync_to_async(_rows_among)(self._filter, new, sight))

    def _show(self, rows: list[Row]) -> None:
        if rows:
            self._remember(rows)
            self._outbox.put_rows(rows)
            self._wake.set()

    def _remember(self, rows: list[Row]) -> None:
        self._sent.update((row["id"], None) for row in rows)
        while len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)

    async def _send_what_waits(self) -> None:
        loop = asyncio.get_running_loop()
        ask_at = loop.time() + SIGNED_IN_SECONDS
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(ask_at):
                    await self._wake.wait()
            self._wake.clear()
            if loop.time() >= ask_at:
                ask_at = loop.time() + SIGNED_IN_SECONDS
                if not await _still_signed_in(self.scope):
                    await self.close(NOT_SIGNED_IN)
                    return
            while frame := self._outbox.take(rate=self._rate, lost=self._losses.count):
                await self.send(frames.text(frame))


def _filter(query_string: bytes) -> EventFilter | None:
    """Return the filter that an address asks for; none for a null character, as on pages."""
    fields = dict(parse_qsl(query_string.decode(errors="replace")))
    if any("\0" in text for pair in fields.items() for text in pair):
        return None
    names = ("type", "service", "text")
    return EventFilter.bounded(**{name: fields[name] for name in names if name in fields})


def _rows_among(wanted: EventFilter, event_ids: list[str], sight: Sight) -> list[Row]:
    found = reads.entries(wanted, sight=sight).filter(event_id__in=event_ids)
    return reads.rows_of(reversed(found), sight=sight)


async def _still_signed_in(scope: dict[str, Any]) -> bool:
    """Ask the stored session: what the socket opened with may be long past."""
    stored = import_module(settings.SESSION_ENGINE).SessionStore(scope["session"].session_key)
    try:
        user = await get_user({**scope, "session": stored})
    except Error:
        return True  # the database is away; nobody is sent away for that
    return bool(user.is_authenticated)
