"""What a bus may leave out, and how a test says that it needs it."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import pytest

TestT = TypeVar("TestT", bound=Callable[..., None])


@dataclass(frozen=True, kw_only=True)
class Features:
    """Capabilities beyond publishing and consuming; tests of those that are off are skipped.

    The hooks are methods of your subclass of `BusConformance`; it says what each has to do.
    """

    retries: bool = True
    """An event whose handler failed is handled again later."""
    dead_letters: bool = True
    """An event that was given up waits for a person. Hook: `dead_letters`."""
    ordered: bool = True
    """`subscribe(kind="ordered")`: one event at a time, and retries in place."""
    directives: bool = True
    """Workers follow the registry: pauses, policies, sizes. Hook: `direct`."""
    wire: bool = True
    """Bodies are those of the wire format in `bus_core.envelope`. Hook: `raw_publish`."""
    cuts: bool = True
    """Events held by a lost connection are delivered again. Hook: `cut`."""
    async_handlers: bool = True
    """A handler may be an `async def`."""
    forks: bool = True
    """A forked child of the process may use the bus as well."""


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """An event that a service gave up."""

    event_type: str
    """The subscription it comes from."""
    reason: str
    """`rejected`, `attempts`, `crashes` or `undecodable`."""
    error: str
    attempts: int
    body: bytes
    """The message as it would be handled again."""


def needs(*features: str) -> Callable[[TestT], TestT]:
    """Mark a test of `BusConformance` as one for buses with all of these features."""

    def decorate(test: TestT) -> TestT:
        @functools.wraps(test)
        def run(self: Any, *args: Any, **kwargs: Any) -> None:
            missing = [name for name in features if not getattr(self.features, name)]
            if missing:
                pytest.skip(f"this bus is without {', '.join(missing)}")
            test(self, *args, **kwargs)

        return cast(TestT, run)

    return decorate
