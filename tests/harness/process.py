"""A child process under test: its output is kept, and waiting for it has a deadline."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.harness import leftovers
from tests.harness.guardian import kill_group, started_at
from tests.harness.poll import wait_until


class ProcessEndedError(Exception):
    """The process ended although it was needed; the message ends with its last output."""


class ManagedProcess:
    """A process in a session of its own, killed with all its children when the tests end.

    ``env`` is added to our own environment, or is the whole of it with ``inherit_env=False``.
    Output and errors go to one file, ``log``, or to a temporary one.
    """

    def __init__(
        self,
        args: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        inherit_env: bool = True,
        cwd: Path | None = None,
        log: Path | None = None,
    ) -> None:
        self.args = [str(arg) for arg in args]
        self._folder = None if log else leftovers.temporary_folder("bus-process-")
        self.log = log or Path(str(self._folder), "output")
        inherited = {**os.environ, "PYTHONUNBUFFERED": "1"} if inherit_env else {}
        with self.log.open("ab") as output:
            self._popen = subprocess.Popen(
                self.args,
                env={**inherited, **(env or {})},
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started = started_at(self.pid)
        leftovers.watch_group(self.pid)

    @property
    def pid(self) -> int:
        """The process id, which is also that of its group."""
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._popen.poll()

    @property
    def running(self) -> bool:
        """Whether the process has not ended yet."""
        return self.returncode is None

    @property
    def output(self) -> str:
        """All it has written so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def output_tail(self, lines: int = 60) -> str:
        """Its last lines, for error messages."""
        try:
            kept = self.output.splitlines()[-lines:]
        except OSError:
            kept = []
        return "\n".join(kept) or "(no output)"

    def check_running(self) -> None:
        """Raise if the process has ended."""
        if not self.running:
            raise ProcessEndedError(
                f"{self._describe()} ended with code {self.returncode}; {self._said}"
            )

    def wait_for_line(
        self, pattern: str, *, timeout: float = 30.0, occurrence: int = 1
    ) -> re.Match[str]:
        """Wait until the pattern occurs in the output for the n-th time, each time on one line."""
        regex = re.compile(pattern, re.MULTILINE)

        def find() -> re.Match[str] | None:
            running = self.running  # asked first: what it wrote before it ended must count
            found = list(regex.finditer(self.output))
            if len(found) >= occurrence:
                return found[occurrence - 1]
            if not running:
                self.check_running()
            return None

        match = wait_until(
            find,
            timeout=timeout,
            message=lambda: f"{self._describe()} did not write {pattern!r}; {self._said}",
        )
        assert match is not None
        return match

    def wait(self, *, timeout: float | None = 30.0) -> int:
        """Wait for the end and return the exit code; None waits for ever."""
        try:
            code = self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            message = f"{self._describe()} still runs after {timeout} s; {self._said}"
            raise TimeoutError(message) from None
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, not to its children."""
        self._popen.send_signal(number)

    def terminate(self, *, timeout: float = 30.0) -> int:
        """Ask it to end (SIGTERM), wait, and return the exit code."""
        self._popen.terminate()
        return self.wait(timeout=timeout)

    def kill(self) -> int:
        """``kill -9`` the process and whatever it started."""
        kill_group(self.pid, self._started)
        return self._popen.wait(10)

    def close(self) -> None:
        """Make sure that nothing is left of it, and remove its temporary output."""
        if self.running:
            with contextlib.suppress(TimeoutError):
                self.terminate(timeout=10)
        self.kill()
        leftovers.forget_group(self.pid)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            leftovers.forget_folder(self._folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _describe(self) -> str:
        return f"`{' '.join(self.args)}` (pid {self.pid})"

    @property
    def _said(self) -> str:
        return f"its last output:\n{self.output_tail()}"
