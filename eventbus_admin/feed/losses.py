"""`Losses`: how many events a socket was not told of; pure."""

from eventbus_admin.feed.frames import Progress


class Losses:
    """Counts what was lost on the way to one socket since it opened."""

    def __init__(self) -> None:
        self._pump = ""
        self._total = 0
        self._dropped = 0
        self.count = 0

    def follow(self, progress: Progress, count: int = 0) -> None:
        """Take note of a message that tells of `count` events."""
        before = progress["total"] - count
        if progress["pump"] == self._pump:
            self.count += max(before - self._total, 0)
            self.count += max(progress["dropped"] - self._dropped, 0)
        elif self._pump:
            # Another process took over: what it lost since then was lost to this socket too.
            self.count += before + progress["dropped"]
        self._pump = progress["pump"]
        self._total = progress["total"]
        self._dropped = progress["dropped"]
