"""What is compared with what, and which figures the library is to reach."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from benchmarks.crowd import CROWD, FIRST

OURS = "bus_core"
RECONCILER = "reconciler"
BY_HAND = "its calls, by hand"


class Setting(Enum):
    """How a contestant finds the queue, and how it has to leave it."""

    TAKES = "it starts empty, and holds afterwards what was published"
    GIVES = "it starts full, and is empty afterwards"
    FLOWS = "it starts empty, and is empty afterwards"
    APART = "it is not used: the contestant has a virtual host of its own"
    CROWDED = "it is not used: there is a virtual host with many subscriptions"


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
    """How many, where that and not time is given; or how many subscriptions."""
    once: bool = False
    """Play one round only."""
    ours: str = OURS
    """The contestant that the others are compared with."""

    @property
    def manages(self) -> bool:
        """Whether it takes the management API."""
        return self.setting in {Setting.APART, Setting.CROWDED}


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
    Part(
        "first_apply",
        Setting.APART,
        {RECONCILER: "reconciler:first_apply", BY_HAND: "by_hand:first_apply"},
        (Figure("seconds", "apply 500 subscriptions", "s", targets={BY_HAND: Target(1.15)}),),
        events=FIRST,
        ours=RECONCILER,
    ),
    Part(
        "new_subscription",
        Setting.APART,
        {RECONCILER: "reconciler:new_subscription"},
        (
            Figure("writes", "one more subscription", "writes", targets={RECONCILER: Target(6)}),
            Figure("reads", "one more subscription", "reads", targets={RECONCILER: Target(4)}),
        ),
        once=True,
        ours=RECONCILER,
    ),
    Part(
        "compare",
        Setting.CROWDED,
        {RECONCILER: "reconciler:compare", BY_HAND: "by_hand:compare"},
        (
            Figure("ms", "compare 2,000 subscriptions", "ms", targets={BY_HAND: Target(3.0)}),
            Figure(
                "more_queries",
                "queries more than for 20",
                "queries",
                targets={RECONCILER: Target(0)},
            ),
        ),
        events=CROWD,
        ours=RECONCILER,
    ),
)
