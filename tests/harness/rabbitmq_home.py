"""A view of the installed RabbitMQ that shows only the plugins in use.

Erlang looks through every folder on its path for every module it loads, and the package brings
seventy plugins: leaving out the idle ones takes a third off the start.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from tests.harness.installations import Installation

# Everybody's dependencies, named by no plugin.
_CORE = ("rabbit", "rabbitmq_prelaunch")
_NEEDED = re.compile(r"\{\s*(?:included_)?applications\s*,\s*\[([^]]*)]", re.DOTALL)


def make_home(folder: Path, plugins: Iterable[str], installation: Installation) -> None:
    """Make the view in ``folder``.

    Its scripts, in ``sbin``, find the rest of it from ``RABBITMQ_SCRIPTS_DIR``: set that to them.
    """
    installed = installation.home
    applications = {
        path.name.rpartition("-")[0]: path
        for path in (installed / "plugins").iterdir()
        if (path / "ebin").is_dir()
    }
    chosen = folder / "plugins"
    chosen.mkdir(parents=True)
    for name in _with_dependencies([*_CORE, *plugins], applications):
        path = applications[name]
        (chosen / path.name).symlink_to(installation.inside(path))
    for name in ("sbin", "escript"):
        (folder / name).symlink_to(installation.inside(installed / name))


def _with_dependencies(names: Iterable[str], applications: dict[str, Path]) -> set[str]:
    """These applications and all they need, as far as RabbitMQ and not Erlang brings them."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found or name not in applications:
            continue
        found.add(name)
        description = (applications[name] / "ebin" / f"{name}.app").read_text(encoding="utf-8")
        for listed in _NEEDED.findall(description):
            waiting += re.findall(r"\w+", listed)
    return found
