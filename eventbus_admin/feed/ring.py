"""`Ring`: a bounded buffer between somebody who must not wait and somebody who may be slow."""

import threading
from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Ring(Generic[T]):
    """Keeps the newest items; what no longer fits is dropped, oldest first, and counted.

    `max_size` bounds the sum of the items' sizes, in whatever unit they are put with.
    """

    def __init__(self, max_items: int, max_size: int = 0) -> None:
        self._max_items = max_items
        self._max_size = max_size
        self._items: deque[tuple[T, int]] = deque()
        self._size = 0
        self._dropped = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def dropped(self) -> int:
        """How many items were lost so far."""
        return self._dropped

    def put(self, item: T, size: int = 0) -> None:
        """Add the newest item; never waits for anybody but another `put` or `take`."""
        with self._lock:
            self._append(item, size)

    def put_all(self, items: Iterable[T]) -> None:
        """Add many items without sizes."""
        with self._lock:
            for item in items:
                self._append(item, 0)

    def take(self, limit: int) -> list[T]:
        """Remove and return up to `limit` items, oldest first."""
        with self._lock:
            count = min(limit, len(self._items))
            taken = [self._items.popleft() for _ in range(count)]
            self._size -= sum(size for _, size in taken)
        return [item for item, _ in taken]

    def _append(self, item: T, size: int) -> None:
        self._items.append((item, size))
        self._size += size
        while self._too_much():
            _, freed = self._items.popleft()
            self._size -= freed
            self._dropped += 1

    def _too_much(self) -> bool:
        return len(self._items) > self._max_items or 0 < self._max_size < self._size
