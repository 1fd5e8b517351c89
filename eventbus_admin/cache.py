"""The cache of several processes, which nobody needs to have: without it things are read again."""

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

REST_SECONDS = 5.0
"""For so long nobody asks a Redis that did not answer, so that pages do not wait for it."""

T = TypeVar("T")


class OptionalRedisCache(RedisCache):
    """Redis as long as it answers; while it is away it holds nothing and takes everything.

    Limits of the API do not hold meanwhile: each request counts as the first of its window.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._rests_until = 0.0

    def add(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """Keep a value where none is; while Redis is away nothing is anywhere."""
        return self._ask(
            lambda: super(OptionalRedisCache, self).add(key, value, timeout, version), True
        )

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return the value, or the default while Redis is away."""
        return self._ask(
            lambda: super(OptionalRedisCache, self).get(key, default, version), default
        )

    def set(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        """Keep a value, or let it go while Redis is away."""
        self._ask(lambda: super(OptionalRedisCache, self).set(key, value, timeout, version), None)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Count up; raises `ValueError` when there is nothing to count, as while Redis is away."""
        found = self._ask(lambda: super(OptionalRedisCache, self).incr(key, delta, version), None)
        if found is None:
            raise ValueError(f"{key} is not in the cache")
        return found

    def _ask(self, work: Callable[[], T], away: T) -> T:
        if time.monotonic() < self._rests_until:
            return away
        try:
            return work()
        except RedisError as error:
            self._rests_until = time.monotonic() + REST_SECONDS
            logger.warning("Redis does not answer; pages go on without it: %s", error)
            return away
