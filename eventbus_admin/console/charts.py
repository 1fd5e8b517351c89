"""Points of charts that templates draw as SVG with presentation attributes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Spark:
    """A line without axes, with the area under it."""

    width: int
    height: int
    line: str
    area: str
    label: str
    flat: bool


@dataclass(frozen=True)
class Bar:
    """One bar of a chart and what it says when one points at it."""

    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True)
class Bars:
    """A bar chart over time."""

    width: int
    height: int
    top: int
    bars: list[Bar]
    rows: list[tuple[datetime, int]]
    total: int


def spark(values: Sequence[int], label: str, *, width: int = 88, height: int = 22) -> Spark:
    """Return a sparkline; a flat one lies at the bottom."""
    highest = max([*values, 1])
    step = width / max(len(values) - 1, 1)
    points = [
        (round(index * step, 1), round(height - 1.5 - value / highest * (height - 4), 1))
        for index, value in enumerate(values)
    ]
    line = " ".join(f"{x:g},{y:g}" for x, y in points)
    return Spark(width, height, line, f"0,{height} {line} {width},{height}", label, not any(values))


def bars(rows: Sequence[tuple[datetime, int]], *, width: int = 1000, height: int = 132) -> Bars:
    """Return one bar for each moment."""
    highest = max([value for _, value in rows] + [1])
    step = width / max(len(rows), 1)
    drawn = []
    for index, (moment, value) in enumerate(rows):
        # A single event among thousands is still a bar that one can see.
        tall = max(value / highest * (height - 4), 2) if value else 0
        drawn.append(
            Bar(
                x=round(index * step + step * 0.14, 2),
                y=round(height - tall, 2),
                width=round(step * 0.72, 2),
                height=round(tall, 2),
                label=f"{moment:%H:%M} UTC · {value:,} event{'' if value == 1 else 's'}",
            )
        )
    return Bars(width, height, highest, drawn, list(rows), sum(value for _, value in rows))
