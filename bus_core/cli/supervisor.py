"""Several processes of one worker: started, started again when they crash, ended together."""

import math
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any

from bus_core.cli.health import ProcessHealth, WorkerHealth
from bus_core.cli.interrupts import into, take
from bus_core.cli.line import SupervisorEnd
from bus_core.cli.terminal import say

FIRST_BACKOFF_SECONDS = 0.5
MAX_BACKOFF_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""Who ran for so long begins with the first backoff again."""
SILENT_SECONDS = 20.0
CLOSING_SECONDS = 30.0
"""Beside its grace, so long a process may take to disconnect before it is killed."""
AT_ONCE_SECONDS = 4.0


class Child:
    """One process's place: kept filled until it is to end, or ends by itself with code 0."""

    def __init__(self, number: int, command: Sequence[str], ended: Callable[[], None]) -> None:
        self.number = number
        self.code = 0
        """How it ended at last."""
        self.gave_up: tuple[str, int] | None = None
        self._command = command
        self._ended = ended
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: SupervisorEnd | None = None
        self._started = 0.0
        self._failures = 0

    def begin(self) -> None:
        """Keep it running, on a thread."""
        threading.Thread(target=self._keep, name=f"bus-child-{self.number}", daemon=True).start()

    @property
    def health(self) -> ProcessHealth | None:
        """How it is, `None` when it is not running."""
        process, line = self._process, self._line
        if process is None or line is None or process.returncode is not None:
            return None
        return line.health or ProcessHealth(pid=process.pid, link="not known yet")

    @property
    def silent(self) -> bool:
        """Whether it runs, and has not said for long how it is."""
        line = self._line
        return line is not None and time.monotonic() - line.heard_at > SILENT_SECONDS

    def end(self) -> None:
        """Let it finish what it holds."""
        with self._lock:
            self._stopping.set()
            if self._process is not None:
                self._process.terminate()

    def end_at_once(self) -> None:
        """Let it finish nothing."""
        if self._line is not None:
            self._line.end_at_once()

    def kill(self) -> None:
        """End it as only the kernel can."""
        if self._process is not None:
            self._process.kill()

    def _keep(self) -> None:
        try:
            while self._start():
                self._note_end(*self._wait())
                if self._stopping.wait(self._backoff()):
                    return
        finally:
            self._ended()

    def _start(self) -> bool:
        with self._lock:
            if self._stopping.is_set():
                return False
            line = SupervisorEnd()
            command = [*self._command, "--child", str(line.descriptor)]
            self._process = subprocess.Popen(command, pass_fds=(line.descriptor,))  # noqa: S603
            line.begin()
            self._line, self._started = line, time.monotonic()
            return True

    def _wait(self) -> tuple[subprocess.Popen[bytes], SupervisorEnd]:
        process, line = self._process, self._line
        if process is None or line is None:
            raise RuntimeError("it was never started")
        process.wait()
        line.close()
        self._line = None
        return process, line

    def _note_end(self, process: subprocess.Popen[bytes], line: SupervisorEnd) -> None:
        code = process.returncode
        self.gave_up = line.gave_up
        if self._stopping.is_set() or self.gave_up or code == 0:
            ended_before_it_began = code == -signal.SIGTERM
            self.code = 0 if ended_before_it_began else code
            self._stopping.set()
            return
        lived = time.monotonic() - self._started
        self._failures = 1 if lived >= STEADY_SECONDS else self._failures + 1
        say(
            f"process {self.number} (pid {process.pid}) {_how(code)} after {lived:.1f} s; "
            f"starting it again in {self._backoff():g} s"
        )

    def _backoff(self) -> float:
        doublings = min(max(self._failures - 1, 0), 16)
        return min(MAX_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * (1 << doublings))


class Supervisor:
    """Runs a command so many times at once; signals reach all of them."""

    def __init__(self, command: Sequence[str], processes: int, *, grace: float) -> None:
        self._grace = grace
        self._happenings: SimpleQueue[Any] = SimpleQueue()
        # The first one says what it consumes; the others would only say it again.
        self._children = [
            Child(number, [*command, *(("--silent",) if number > 1 else ())], self._one_ended)
            for number in range(1, processes + 1)
        ]

    def health(self) -> WorkerHealth:
        """Return how all of them are."""
        seen = [child.health for child in self._children]
        running = [one for one in seen if one is not None]
        complaints = [
            f"process {child.number} is not running"
            for child, health in zip(self._children, seen, strict=True)
            if health is None
        ]
        complaints += [
            f"process {child.number} has not said for {SILENT_SECONDS:g} s how it is"
            for child in self._children
            if child.silent
        ]
        return WorkerHealth(wanted=len(seen), processes=running, complaints=complaints)

    def until_ended(self) -> int:
        """Run them until all have ended; return the exit code."""
        first: signal.Signals | None = None
        deadline = math.inf
        running = len(self._children)
        with into(self._happenings):
            for child in self._children:
                child.begin()
            while running:
                what = take(self._happenings, deadline)
                if isinstance(what, signal.Signals):
                    if first is not None:
                        return self._end_at_once(what)
                    first, deadline = what, self._begin_to_end(what)
                elif what is None:
                    self._kill_all()
                    deadline = math.inf
                else:
                    running -= 1
                    if deadline == math.inf and any(child.gave_up for child in self._children):
                        deadline = self._begin_to_end(None)
        return self._exit_code()

    def _one_ended(self) -> None:
        self._happenings.put("ended")

    def _begin_to_end(self, why: signal.Signals | None) -> float:
        if why is not None:
            say(
                f"{why.name}: all processes finish what they hold, for at most {self._grace:g} s; "
                "once more ends them at once."
            )
        for child in self._children:
            child.end()
        return time.monotonic() + self._grace + CLOSING_SECONDS

    def _end_at_once(self, why: signal.Signals) -> int:
        say(f"{why.name} again: ending at once; what is held goes back to the broker.")
        for child in self._children:
            child.end_at_once()
        deadline = time.monotonic() + AT_ONCE_SECONDS
        while any(child.health for child in self._children) and take(self._happenings, deadline):
            pass
        for child in self._children:
            child.kill()
        return 128 + why

    def _kill_all(self) -> None:
        say("Some did not end in time; they are killed.")
        for child in self._children:
            child.kill()

    def _exit_code(self) -> int:
        for child in self._children:
            if child.gave_up is not None:
                sentence, code = child.gave_up
                print(f"bus-core: {sentence}", file=sys.stderr)
                return code
        return 1 if any(child.code for child in self._children) else 0


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
