"""How many objects are in which state, as one bar whose parts lead to them."""

from collections.abc import Iterable
from dataclasses import dataclass

from eventbus_admin.console.filters import Option
from eventbus_admin.console.looks import look_of

WIDTH = 100.0
_LEAST = 1.5
"""So wide is a part at least, so that a single object among thousands is seen."""


@dataclass(frozen=True)
class Share:
    """A part of the bar."""

    label: str
    tone: str
    count: int
    url: str
    current: bool
    x: float
    width: float


def shares(options: Iterable[Option]) -> list[Share]:
    """Return the bar's parts for the options that have a count and a value, in their order."""
    shown = [one for one in options if one.value and one.count]
    total = sum(one.count or 0 for one in shown)
    widths = [max(_LEAST, WIDTH * (one.count or 0) / total) for one in shown]
    scale = WIDTH / sum(widths) if widths else 1.0
    parts: list[Share] = []
    for one, width in zip(shown, widths, strict=True):
        x = parts[-1].x + parts[-1].width if parts else 0.0
        parts.append(
            Share(
                label=one.label,
                tone=look_of(one.value).tone,
                count=one.count or 0,
                url=one.url,
                current=one.current,
                x=round(x, 2),
                width=round(width * scale, 2),
            )
        )
    return parts
