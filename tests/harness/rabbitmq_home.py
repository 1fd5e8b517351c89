"""A view of the installed RabbitMQ that shows only the plugins in use.

Erlang looks through every folder on its path for every module it loads, and the package brings
seventy plugins: leaving out the idle ones takes a third off the start.
"""

import re
from collections.abc import Iterable
from pathlib import Path

BIN = Path("/usr/lib/rabbitmq/bin")
# Everybody's dependencies, named by no plugin.
_CORE = ("rabbit", "rabbitmq_prelaunch")
_NEEDED = re.compile(r"\{\s*(?:included_)?applications\s*,\s*\[([^]]*)]", re.DOTALL)


def scripts_for(folder: Path, plugins: Iterable[str]) -> Path:
    """Make the view in ``folder`` and return where its scripts are.

    They find the rest of RabbitMQ from ``RABBITMQ_SCRIPTS_DIR``, so set that to it.
    """
    installed = (BIN / "rabbitmq-server").resolve().parent.parent
    applications = {
        path.name.rpartition("-")[0]: path
        for path in (installed / "plugins").iterdir()
        if (path / "ebin").is_dir()
    }
    chosen = folder / "plugins"
    chosen.mkdir(parents=True, exist_ok=True)
    for name in _with_dependencies([*_CORE, *plugins], applications):
        link = chosen / applications[name].name
        if not link.exists():
            link.symlink_to(applications[name])
    for name in ("sbin", "escript"):
        link = folder / name
        if not link.exists():
            link.symlink_to(installed / name)
    return folder / "sbin"


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
