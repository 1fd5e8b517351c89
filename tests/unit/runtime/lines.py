"""Reading what the admin logs, as a machine does. No tests."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from eventbus_admin.logs import logging_config


class Lines:
    """The lines that were written, parsed."""

    def __init__(self) -> None:
        self._written = io.StringIO()
        formatter = dict(logging_config("INFO")["formatters"]["line"])
        self.handler = logging.StreamHandler(self._written)
        self.handler.setFormatter(formatter.pop("()")(**formatter))

    @property
    def text(self) -> str:
        """All of it as it was written."""
        return self._written.getvalue()

    def of(self, event: str) -> list[dict[str, Any]]:
        """The lines that say this."""
        parsed = [json.loads(line) for line in self.text.splitlines()]
        return [one for one in parsed if one["event"] == event]


@contextmanager
def reading(level: int = logging.INFO) -> Iterator[Lines]:
    """Read what is logged meanwhile."""
    lines, root = Lines(), logging.getLogger()
    before = root.level
    root.addHandler(lines.handler)
    root.setLevel(level)
    try:
        yield lines
    finally:
        root.setLevel(before)
        root.removeHandler(lines.handler)
