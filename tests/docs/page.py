"""The code on a page of `docs/`, word for word."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

PYTEST = (sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider")
"""To be run in a folder of its own; without plugins, which a reader may not have."""
NO_PLUGINS = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (\w+\.py)\n")


@dataclass(frozen=True)
class Page:
    """A page and the blocks of code on it."""

    name: str

    def blocks(self, language: str) -> list[str]:
        """Return the blocks of one language, in order."""
        text = (DOCS / self.name).read_text(encoding="utf-8")
        return [body for found, body in _BLOCK.findall(text) if found == language]

    def commands(self) -> list[str]:
        """Return the lines that are meant for a shell."""
        return [line for block in self.blocks("sh") for line in block.splitlines()]

    def write_files(self, folder: Path) -> list[Path]:
        """Write every block of Python to the file that its first line names."""
        written = []
        for block in self.blocks("python"):
            named = _FILE.match(block)
            assert named, f"{self.name}: a block does not begin with its file's name:\n{block}"
            path = folder / named[1]
            assert not path.exists(), f"{self.name} has {named[1]} twice"
            path.write_text(block, encoding="utf-8")
            written.append(path)
        assert written, f"{self.name} has no Python"
        return written
