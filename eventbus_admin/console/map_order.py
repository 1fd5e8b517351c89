"""In which order the nodes of three columns stand, so that few lines cross. Pure."""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

Link = tuple[str, str]
Order = list[list[str]]
"""Keys of the nodes by column, each from top to bottom."""

SWEEPS = 6


def ordered(columns: Sequence[Iterable[str]], links: Sequence[Sequence[Link]]) -> Order:
    """Return the columns in an order in which few links cross.

    `links[n]` are those between column n and the next one. Each node goes where its neighbours are
    on the average, column by column there and back; of all orders met the best one is returned. It
    depends on names and links alone, so a picture stays as it is while numbers change.
    """
    order: Order = [sorted(column) for column in columns]
    backward = [[(right, left) for left, right in between] for between in links]
    best, fewest = order, crossings(order, links)
    for _ in range(SWEEPS):
        if not fewest:
            break
        for column in range(1, len(order)):
            order = _moved(order, column, order[column - 1], backward[column - 1])
        for column in range(len(order) - 2, -1, -1):
            order = _moved(order, column, order[column + 1], links[column])
        if (found := crossings(order, links)) < fewest:
            best, fewest = order, found
    return best


def crossings(order: Order, links: Sequence[Sequence[Link]]) -> int:
    """Return how many pairs of links cross."""
    return sum(
        _crossings(order[column], order[column + 1], between)
        for column, between in enumerate(links)
    )


def _moved(order: Order, column: int, beside: Sequence[str], links: Iterable[Link]) -> Order:
    """Return the order with one column's nodes at the mean places of their neighbours beside."""
    place = places(beside)
    found: defaultdict[str, list[float]] = defaultdict(list)
    for node, neighbour in links:
        found[node].append(place[neighbour])
    share = len(beside) / max(len(order[column]), 1)
    # One without neighbours on this side stays where it is.
    mean = {
        node: sum(found[node]) / len(found[node]) if node in found else index * share
        for index, node in enumerate(order[column])
    }
    moved = list(order)
    moved[column] = sorted(order[column], key=lambda node: (mean[node], node))
    return moved


def places(nodes: Sequence[str]) -> Mapping[str, int]:
    """Return the place of each node."""
    return {node: index for index, node in enumerate(nodes)}


def _crossings(left: Sequence[str], right: Sequence[str], links: Iterable[Link]) -> int:
    at_left, at_right = places(left), places(right)
    passed: list[int] = []
    crossed = 0
    for _, end in sorted((at_left[one], at_right[other]) for one, other in links):
        crossed += len(passed) - bisect_right(passed, end)
        insort(passed, end)
    return crossed
