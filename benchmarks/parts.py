"""What is compared with what, and which figures the library is to reach."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

OURS = "bus_core"


class Setting(Enum):
    """How the queue is left to a contestant, and found after it."""

    TAKES = "it starts empty, and holds afterwards what was published"
    GIVES = "it starts full, and is empty afterwards"
    FLOWS = "it starts empty, and is empty afterwards"


@dataclass(frozen=True)
class Target:
    """A bound for the library's figure divided by a peer's; `aim` is a wish, not a promise."""

    bound: float
    aim: bool = False


@dataclass(frozen=True)
class Figure:
    """One thing that is measured; without `more_is_better` less is."""

    key: str
    title: str
    unit: str
    more_is_better: bool = True
    targets: Mapping[str, Target] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """Contestants (name → module:function) that do the same, and their figures."""

    name: str
    setting: Setting
    contestants: Mapping[str, str]
    figures: tuple[Figure, ...]


PARTS = (
    Part(
        "publish_many",
        Setting.TAKES,
        {
            OURS: "ours:publish_many",
            "broker's ceiling": "ceiling:publish",
            "pika, by hand": "pika_select:publish",
        },
        (
            Figure(
                "rate",
                "publish, confirmed",
                "events/s",
                targets={
                    "broker's ceiling": Target(0.85, aim=True),
                    "pika, by hand": Target(1.0),
                    "aio-pika": Target(4.0),
                },
            ),
        ),
    ),
    Part(
        "threads",
        Setting.TAKES,
        {
            OURS: "ours:publish_on_threads",
            "pika, 16 connections": "pika_blocking:publish_on_threads",
        },
        (
            Figure(
                "rate",
                "publish from 16 threads",
                "events/s",
                targets={"pika, 16 connections": Target(1.2)},
            ),
        ),
    ),
    Part(
        "publish_one",
        Setting.TAKES,
        {OURS: "ours:publish_one", "pika, blocking": "pika_blocking:publish_one"},
        (
            Figure("p50", "publish one event, p50", "ms", False, {"pika, blocking": Target(1.15)}),
            Figure("p99", "publish one event, p99", "ms", False),
        ),
    ),
    Part(
        "consume",
        Setting.GIVES,
        {OURS: "ours:consume", "pika, by hand": "pika_select:consume"},
        (
            Figure(
                "rate",
                "consume and acknowledge",
                "events/s",
                targets={"pika, by hand": Target(1.2), "aio-pika": Target(4.0)},
            ),
        ),
    ),
    Part(
        "latency",
        Setting.FLOWS,
        {OURS: "ours:latency"},
        (
            Figure("p50", "publish to handler, p50", "ms", False, {"pika, by hand": Target(1.5)}),
            Figure("p99", "publish to handler, p99", "ms", False),
        ),
    ),
)
