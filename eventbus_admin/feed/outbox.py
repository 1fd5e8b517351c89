"""`Outbox`: what waits to be sent to one socket; bounded, whatever the socket does."""

from collections import deque
from typing import Any

from eventbus_admin.feed.frames import EventOutcome
from eventbus_admin.journal.rows import Row

MAX_ROWS = 1_000


class Outbox:
    """Merges what waits, so that a slow socket gets fewer and larger frames.

    Beyond 1,000 events or outcomes the oldest are dropped and counted.
    """

    def __init__(self, max_rows: int = MAX_ROWS) -> None:
        self._max_rows = max_rows
        self._rows: deque[Row] = deque()
        self._outcomes: dict[tuple[str, str], EventOutcome] = {}
        self._outcomes_next = False
        self._metered = False
        self._sequence = 0
        self.dropped = 0

    def put_rows(self, rows: list[Row]) -> None:
        """Add events."""
        self._rows.extend(rows)
        while len(self._rows) > self._max_rows:
            self._rows.popleft()
            self.dropped += 1

    def put_outcomes(self, outcomes: list[EventOutcome]) -> None:
        """Add what became of events; the last word about each service counts."""
        for one in outcomes:
            key = (one["event_id"], one["service"])
            self._outcomes.pop(key, None)
            self._outcomes[key] = one
        while len(self._outcomes) > self._max_rows:
            del self._outcomes[next(iter(self._outcomes))]
            self.dropped += 1

    def put_meter(self) -> None:
        """Say how things stand, even if nothing else is to be told."""
        self._metered = True

    def take(self, *, rate: float, lost: int) -> dict[str, Any] | None:
        """Return the next frame, or `None` when nothing waits.

        An event goes before what became of it; otherwise both take turns. `lost` is what was lost
        before it came here.
        """
        state = {"dropped": lost + self.dropped, "rate": rate}
        frame = self._take_outcomes() if self._outcomes_next else None
        frame = frame or self._take_rows(state) or self._take_outcomes()
        if frame is None and self._metered:
            frame = {"kind": "meter", **state}
        if frame is not None and "rate" in frame:
            self._metered = False
        return frame

    def _take_rows(self, state: dict[str, Any]) -> dict[str, Any] | None:
        if not self._rows:
            return None
        self._outcomes_next = True
        self._sequence += 1
        rows = list(self._rows)
        self._rows.clear()
        return {"kind": "events", "seq": self._sequence, "rows": rows, **state}

    def _take_outcomes(self) -> dict[str, Any] | None:
        self._outcomes_next = False
        waiting = {row["id"] for row in self._rows}
        ready = [key for key in self._outcomes if key[0] not in waiting]
        if not ready:
            return None
        return {"kind": "outcomes", "rows": [self._outcomes.pop(key) for key in ready]}
