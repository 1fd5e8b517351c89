"""What is compared with what, and which figures the library is to reach."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

OURS = "bus_core"


class Setting(Enum):
    """How a contestant finds the queue, and how it has to leave it."""

    TAKES = "it starts empty, and holds afterwards what was published"
    GIVES = "it starts full, and is empty afterwards"
    FLOWS = "it starts empty, and is empty afterwards"


@dataclass(frozen=True)
class Target:
    """A bound for the library's figure divided by a peer's, or for that figure itself.

    Figures of which more is better are to reach it, others to stay below. `aim` is a wish.
    """

    bound: float
    aim: bool = False


@dataclass(frozen=True)
class Figure:
    """One thing that is measured. `targets` are by peer, or for the library's own name."""

    key: str
    title: str
    unit: str
    more_is_better: bool = False
    targets: Mapping[str, Target] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """Contestants (name → module:function) that do the same, and their figures."""

    name: str
    setting: Setting
    contestants: Mapping[str, str]
    figures: tuple[Figure, ...]
    events: int = 0
    """How many, where that and not time is given."""
    once: bool = False
    """Play one round only."""


def _rate(title: str, targets: Mapping[str, Target]) -> tuple[Figure, ...]:
    return (Figure("rate", title, "events/s", more_is_better=True, targets=targets),)


def _percentiles(title: str, targets: Mapping[str, Target]) -> tuple[Figure, ...]:
    return (
        Figure("p50", f"{title}, p50", "ms", targets=targets),
        Figure("p99", f"{title}, p99", "ms"),
    )


PARTS = (
    Part(
        "publish_many",
        Setting.TAKES,
        {
            OURS: "ours:publish_many",
            "bus_core, making events": "ours:make_and_publish_many",
            "broker's ceiling": "ceiling:publish",
            "pika, by hand": "pika_select:publish",
            "aio-pika": "aio:publish",
            "FastStream": "fast_stream:publish",
            "kombu": "kombu_sync:publish",
            "pika, blocking": "pika_blocking:publish_one",
        },
        _rate(
            "publish, confirmed",
            {
                "broker's ceiling": Target(0.85, aim=True),
                "pika, by hand": Target(1.0),
                "aio-pika": Target(4.0),
            },
        ),
    ),
    Part(
        "threads",
        Setting.TAKES,
        {
            OURS: "ours:publish_on_threads",
            "pika, 16 connections": "pika_blocking:publish_on_threads",
        },
        _rate("publish from 16 threads", {"pika, 16 connections": Target(1.2)}),
    ),
    Part(
        "publish_one",
        Setting.TAKES,
        {OURS: "ours:publish_one", "pika, blocking": "pika_blocking:publish_one"},
        _percentiles("publish one event", {"pika, blocking": Target(1.15)}),
    ),
    Part(
        "consume",
        Setting.GIVES,
        {
            OURS: "ours:consume",
            "pika, by hand": "pika_select:consume",
            "pika, blocking": "pika_blocking:consume",
            "aio-pika": "aio:consume",
            "FastStream": "fast_stream:consume",
            "kombu": "kombu_sync:consume",
        },
        _rate("consume, acknowledge", {"pika, by hand": Target(1.2), "aio-pika": Target(4.0)}),
        events=30_000,
    ),
    Part(
        "latency",
        Setting.FLOWS,
        {OURS: "ours:latency", "pika, by hand": "pika_select:latency"},
        _percentiles("publish to handler", {"pika, by hand": Target(1.5)}),
    ),
    Part(
        "memory",
        Setting.FLOWS,
        {OURS: "footprint:growth"},
        (
            Figure("growth", "memory, growth", "MB", targets={OURS: Target(20.0)}),
            Figure("peak", "memory, peak", "MB"),
        ),
        events=1_000_000,
        once=True,
    ),
    Part(
        "startup",
        Setting.TAKES,
        {OURS: "startup:ours", "pika, blocking": "startup:pika"},
        (
            Figure("import", "import", "ms"),
            Figure("first", "connect, first event", "ms"),
            Figure("both", "both together", "ms"),
        ),
    ),
)
