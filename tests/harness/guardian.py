"""A process that cleans up after another one, however that one ends.

Run as a script by ``leftovers``. It reads lines ``+group PID``, ``-group PID``, ``+folder PATH``
and ``-folder PATH``. When its input ends, the writer is gone, be it by ``kill -9``: every process
group still on the list is killed and every folder removed.
"""

import contextlib
import os
import shutil
import signal
import sys
from pathlib import Path


def started_at(pid: int) -> str:
    """The kernel's start time of a process, which tells it from a later one with the same id."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def kill_group(pid: int, started: str) -> None:
    """Kill a process group unless its id belongs to somebody else by now."""
    if started_at(pid) in ("", started):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def main() -> None:
    """Keep the list until the input ends, then clear it."""
    groups: dict[int, str] = {}
    folders: dict[str, None] = {}
    for line in sys.stdin:
        verb, _, what = line.rstrip("\n").partition(" ")
        if verb == "+group":
            groups[int(what)] = started_at(int(what))
        elif verb == "-group":
            groups.pop(int(what), None)
        elif verb == "+folder":
            folders[what] = None
        elif verb == "-folder":
            folders.pop(what, None)
    for pid, started in groups.items():
        kill_group(pid, started)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
