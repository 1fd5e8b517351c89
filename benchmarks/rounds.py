"""Rounds: in each, every contestant runs once in a process of its own; then the next begins."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict

from benchmarks.job import Figures, Job
from benchmarks.parts import Part, Setting
from benchmarks.stage import Stage

Results = dict[str, list[Figures]]


class MeasurementError(Exception):
    """A contestant did not do its job, so its figures would mean nothing."""


def play(
    part: Part,
    stage: Stage,
    job: Job,
    rounds: int,
    only: Sequence[str],
    tell: Callable[[str], None],
) -> Results:
    """Return the figures of each contestant, a list by rounds."""
    names = [name for name in part.contestants if not only or name in only]
    results: Results = {name: [] for name in names}
    rounds = 1 if part.once else rounds
    for number in range(rounds):
        # Somebody else begins each time: what runs first finds another machine than what runs last.
        first = number % max(1, len(names))
        for name in names[first:] + names[:first]:
            tell(f"{part.name}: round {number + 1} of {rounds}, {name}")
            results[name].append(_run(part, name, stage, job))
    return results


def _run(part: Part, name: str, stage: Stage, job: Job) -> Figures:
    if part.manages:
        return _in_own_process(part.contestants[name], job)
    stage.reset()
    if part.setting is Setting.GIVES:
        stage.fill(job.events)
    figures = _in_own_process(part.contestants[name], job)
    waiting = stage.messages()
    expected = int(figures["events"]) if part.setting is Setting.TAKES else 0
    # What warmed a publisher up is there too.
    if waiting < expected or (waiting and part.setting is not Setting.TAKES):
        raise MeasurementError(f"{name}: {waiting} messages are in the queue, expected {expected}")
    return figures


def _in_own_process(contestant: str, job: Job) -> Figures:
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.contestant", contestant, json.dumps(asdict(job))],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise MeasurementError(f"{contestant} ended with code {ended.returncode}")
    figures: Figures = json.loads(ended.stdout.splitlines()[-1])
    return figures
