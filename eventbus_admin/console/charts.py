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


@dataclass(frozen=True)
class Part:
    """A type's part of one minute."""

    series: int
    """Which of the colours of a chart it has."""
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Column:
    """One minute of a stacked chart."""

    hit: Part
    label: str
    parts: list[Part]


@dataclass(frozen=True)
class Stack:
    """Columns over time, each made of the parts of several names."""

    width: int
    height: int
    top: int
    names: list[tuple[str, int]]
    """The names in the order of their colours, each with its total."""
    columns: list[Column]
    rows: list[tuple[datetime, list[int]]]
    total: int


def stack(
    rows: Sequence[tuple[datetime, list[int]]],
    names: Sequence[str],
    *,
    width: int = 1000,
    height: int = 200,
) -> Stack:
    """Return one column for each moment; its values are in the order of the names."""
    highest = max([sum(values) for _, values in rows] + [1])
    step = width / max(len(rows), 1)
    columns = []
    for index, (moment, values) in enumerate(rows):
        x, wide = round(index * step + step * 0.14, 2), round(step * 0.72, 2)
        y, parts, told = float(height), [], [f"{moment:%H:%M} UTC", f"{sum(values):,} in all"]
        for series, (name, value) in enumerate(zip(names, values, strict=True)):
            if not value:
                continue
            # A single event among thousands is still to be seen, and columns stay within the chart.
            tall = max(value / highest * (height - 4 - 2 * len(names)), 2)
            y -= tall
            parts.append(Part(series, x, round(y, 2), wide, round(tall, 2)))
            told.append(f"{name} {value:,}")
        columns.append(Column(Part(0, x, 0, wide, height), " · ".join(told), parts))
    totals = [sum(values[place] for _, values in rows) for place in range(len(names))]
    return Stack(
        width,
        height,
        highest,
        list(zip(names, totals, strict=True)),
        columns,
        list(rows),
        sum(totals),
    )


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
