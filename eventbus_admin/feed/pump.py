"""`Pump`: from the rings to the journal and on to the sockets."""

import secrets
import time
from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

import structlog
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from bus_core.errors import UndecodableMessage
from bus_core.reports import Announcement, Receipt, decode_report
from eventbus_admin.feed import frames
from eventbus_admin.feed.backlog import Backlog
from eventbus_admin.feed.broadcast import Broadcaster
from eventbus_admin.feed.meter import Meter
from eventbus_admin.feed.models import FeedState
from eventbus_admin.feed.ring import Ring
from eventbus_admin.feed.senders import may_speak_for
from eventbus_admin.journal.entries import Seen, entry_of
from eventbus_admin.journal.models import JournalEntry
from eventbus_admin.journal.outcomes import record_receipts
from eventbus_admin.journal.presences import record_announcements
from eventbus_admin.journal.reads import rows_of
from eventbus_admin.journal.record import record
from eventbus_admin.journal.rows import Row, row, searched_text
from eventbus_admin.journal.sight import EVERYTHING_SHOWN

RING_ITEMS = 20_000
RING_BYTES = 64 * 1024 * 1024
BATCH = 500
MESSAGE_ROWS = 100
METER_SECONDS = 1.0
HEARTBEAT_SECONDS = 5.0
FIGURES_SECONDS = 2.0

log = structlog.get_logger(__name__)


class Figures(TypedDict):
    """What is stored of the pump; see `FeedState`."""

    pump: str
    events: int
    dropped: int
    unwritten: int
    rate: float


class Pump:
    """Moves what the tap and the reports put into their rings.

    Events reach the journal before the sockets: whoever opens a page between the two finds them
    in its history. Events and outcomes go through one hand, so that no outcome is told before its
    event when both are here.
    """

    def __init__(self, broadcaster: Broadcaster) -> None:
        self.events: Ring[Seen] = Ring(RING_ITEMS, RING_BYTES)
        self.reports: Ring[Seen] = Ring(RING_ITEMS, RING_BYTES)
        self._broadcaster = broadcaster
        self._id = secrets.token_hex(4)
        self._meter = Meter()
        self._total = 0
        self._metered_at = 0.0
        self._metered: tuple[int, float] | None = None
        self._figured_at = 0.0
        self._figures: Figures | None = None
        self._journal = Backlog("events", record)
        self._receipts = Backlog("receipts", self._record_receipts)
        self._presences = Backlog("announcements", record_announcements)

    def move(self) -> bool:
        """Move one batch of each; returns whether more may wait."""
        seen = self.events.take(BATCH)
        self._move_events(seen)
        reports = self.reports.take(BATCH)
        self._move_reports(reports)
        self._tell_meter()
        self._store_figures()
        return len(seen) == BATCH or len(reports) == BATCH

    def _move_events(self, seen: Sequence[Seen]) -> None:
        entries = [entry_of(one) for one in seen]
        self._meter.add(len(entries))
        self._journal.add(entries)
        for start in range(0, len(entries), MESSAGE_ROWS):
            self._tell(entries[start : start + MESSAGE_ROWS])

    def _tell(self, entries: Sequence[JournalEntry]) -> None:
        self._total += len(entries)
        texts = map(searched_text, entries)
        rows: list[frames.SearchableRow] = [
            {"row": row, "text": text} for row, text in zip(self._rows(entries), texts, strict=True)
        ]
        self._broadcaster.send(frames.events(rows, self._progress()))

    def _rows(self, entries: Sequence[JournalEntry]) -> list[Row]:
        """Return rows with the outcomes known by now: a fast worker's receipt may be here first.

        With all that they hold: each socket leaves out what its person may not see.
        """
        try:
            return rows_of(entries, sight=EVERYTHING_SHOWN)
        except (OperationalError, InterfaceError):
            return [row(entry, sight=EVERYTHING_SHOWN) for entry in entries]

    def _move_reports(self, seen: Sequence[Seen]) -> None:
        receipts: list[Receipt] = []
        announcements: list[tuple[Announcement, datetime]] = []
        for one in seen:
            try:
                report = decode_report(one.message)
            except UndecodableMessage as error:
                log.debug("feed.unreadable_report", sender=one.message.app_id, error=str(error))
                continue
            if not isinstance(report, Announcement):
                receipts += [each for each in report if may_speak_for(one.message, each.service)]
            elif may_speak_for(one.message, report.service):
                announcements.append((report, one.at))
        self._receipts.add(receipts)
        self._presences.add(announcements)

    def _record_receipts(self, receipts: list[Receipt]) -> None:
        changed = record_receipts(receipts)
        for start in range(0, len(changed), MESSAGE_ROWS):
            part = changed[start : start + MESSAGE_ROWS]
            self._broadcaster.send(frames.outcomes(part, self._progress()))

    def _tell_meter(self) -> None:
        """Say the rate when it changed, and now and then that we are here."""
        age = time.monotonic() - self._metered_at
        state = (self.events.dropped, self._meter.rate)
        if age < METER_SECONDS or (state == self._metered and age < HEARTBEAT_SECONDS):
            return
        self._metered_at = time.monotonic()
        self._metered = state
        self._broadcaster.send(frames.meter(self._progress()))

    def _store_figures(self) -> None:
        """Store how things stand when that changed, for whoever asks another process."""
        now = time.monotonic()
        if now - self._figured_at < FIGURES_SECONDS:
            return
        self._figured_at = now
        backlogs = (self._journal, self._receipts, self._presences)
        figures: Figures = {
            "pump": self._id,
            "events": self._total,
            "dropped": self.events.dropped + self.reports.dropped,
            "unwritten": sum(one.dropped for one in backlogs),
            "rate": self._meter.rate,
        }
        if figures == self._figures:
            return
        try:
            FeedState.objects.update_or_create(pk=1, defaults={**figures, "at": timezone.now()})
        except (OperationalError, InterfaceError):
            return  # the backlogs say it
        self._figures = figures

    def _progress(self) -> frames.Progress:
        return {
            "pump": self._id,
            "total": self._total,
            "dropped": self.events.dropped,
            "rate": self._meter.rate,
        }
