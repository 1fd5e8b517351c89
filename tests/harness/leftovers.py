"""What this process started and must not leave behind: process groups and folders.

A guardian process holds the list, so that even ``kill -9`` of the tests leaves nothing. (The
kernel's parent-death signal would not do: it is sent when the *thread* that started the child
ends, and fault tests restart brokers from threads.)
"""

import atexit
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path


class _Guardian:
    """Our end of the guardian process, which starts with the first thing to watch."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe = -1
        self._starting = threading.Lock()
        atexit.register(self._dismiss, os.getpid())
        os.register_at_fork(after_in_child=self._let_go)

    def tell(self, line: str) -> None:
        """Pass on one line."""
        with self._starting:
            if self._process is None:
                self._start()
        os.write(self._pipe, f"{line}\n".encode())

    def _start(self) -> None:
        end, self._pipe = os.pipe()
        script = Path(__file__).with_name("guardian.py")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(script)],
            stdin=end,
            stdout=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,  # Ctrl-C in the terminal is not for it
        )
        os.close(end)

    def _dismiss(self, owner: int) -> None:
        """End the list at exit and wait until the guardian has cleared it."""
        if self._process is not None and os.getpid() == owner:
            os.close(self._pipe)
            self._process.wait(timeout=10)

    def _let_go(self) -> None:
        """A forked child must not keep the list open, nor write to it."""
        if self._process is not None:
            os.close(self._pipe)
            self._process.returncode = 0  # not this process's child, so nothing to wait for
        self._process = None
        self._starting = threading.Lock()


_guardian = _Guardian()


def watch_group(pid: int) -> None:
    """Have this process group killed when we end."""
    _guardian.tell(f"+group {pid}")


def forget_group(pid: int) -> None:
    """The group has ended."""
    _guardian.tell(f"-group {pid}")


def temporary_folder(prefix: str, parent: Path | None = None) -> Path:
    """A new folder that is removed when we end."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    _guardian.tell(f"+folder {folder}")
    return folder


def forget_folder(folder: Path) -> None:
    """The folder has been removed."""
    _guardian.tell(f"-folder {folder}")
