"""The one table of a run."""

from collections.abc import Iterable, Sequence
from statistics import median

from benchmarks.parts import Figure, Part
from benchmarks.rounds import Results

HEAD = ("figure", "contestant", "median", "lowest – highest", "ours ÷ it", "to reach", "CPU µs")

Row = tuple[str, ...]


def rows(played: Iterable[tuple[Part, Results]]) -> list[Row]:
    """Return a line for each figure of each contestant."""
    return [
        _row(part, figure, name, results)
        for part, results in played
        for figure in part.figures
        for name in results
        if figure.key in results[name][0]
    ]


def plain(lines: Sequence[Row]) -> str:
    """Return the table for a terminal."""
    everything = [HEAD, *lines]
    widths = [max(len(line[column]) for line in everything) for column in range(len(HEAD))]
    texts = []
    figure = ""
    for line in everything:
        shown = line if line[0] != figure else ("", *line[1:])
        if line[0] != figure:
            texts.append("")
        figure = line[0]
        cells = [
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(shown, widths, strict=True))
        ]
        texts.append("  ".join(cells).rstrip())
    return "\n".join(texts)


def markdown(lines: Sequence[Row]) -> str:
    """Return the table as Markdown."""
    rule = ("---", "---", "--:", "--:", "--:", "--:", "--:")
    return "\n".join(f"| {' | '.join(line)} |" for line in (HEAD, rule, *lines))


def _row(part: Part, figure: Figure, name: str, results: Results) -> Row:
    values = [figures[figure.key] for figures in results[name]]
    with_cpu = figure is part.figures[0]
    cpu = [figures["cpu"] for figures in results[name] if with_cpu and "cpu" in figures]
    ratio = None if name == part.ours else _ratio(figure, part.ours, name, results)
    return (
        figure.title,
        name,
        f"{_number(median(values))} {figure.unit}",
        f"{_number(min(values))} – {_number(max(values))}",
        "" if ratio is None else f"{ratio:.2f}",
        _target(part, figure, name, median(values) if name == part.ours else ratio),
        f"{median(cpu):.1f}" if cpu else "",
    )


def _ratio(figure: Figure, ours: str, name: str, results: Results) -> float | None:
    """Return the median of the ratios within each round: what the machine does hits both alike."""
    if ours not in results:
        return None
    pairs = zip(results[ours], results[name], strict=True)
    return median(our[figure.key] / their[figure.key] for our, their in pairs)


def _target(part: Part, figure: Figure, name: str, reached: float | None) -> str:
    target = figure.targets.get(name)
    if target is None or reached is None:
        return ""
    sign = "≥" if figure.more_is_better else "≤"
    met = reached >= target.bound if figure.more_is_better else reached <= target.bound
    unit = f" {figure.unit}" if name == part.ours else ""
    return (
        f"{'aim ' if target.aim else ''}{sign} {_number(target.bound)}{unit} {'✓' if met else '✗'}"
    )


def _number(value: float) -> str:
    whole = value >= 100 or isinstance(value, int)
    return f"{value:,.0f}" if whole else f"{value:.2f}"
