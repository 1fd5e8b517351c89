"""`docs/implementing-a-bus.md`: its bus is complete, and passes the suite as the page runs it."""

import os
import re
import sys
from pathlib import Path

from tests.docs.page import NO_PLUGINS, PYTEST, Page
from tests.harness.process import ManagedProcess

PAGE = Page("implementing-a-bus.md")


def test_it_passes_the_suite_without_the_features_that_it_leaves_out(tmp_path: Path) -> None:
    PAGE.write_files(tmp_path)
    command = [*PYTEST, "--rootdir", tmp_path, tmp_path]
    with ManagedProcess(command, cwd=tmp_path, env=NO_PLUGINS) as process:
        assert process.wait(timeout=100) == 0, process.output
        (counted,) = re.findall(r"^(\d+) passed, (\d+) skipped in", process.output, re.MULTILINE)
    passed, skipped = map(int, counted)
    assert passed > 90
    assert skipped < passed


def test_connect_finds_it_by_its_scheme(tmp_path: Path) -> None:
    PAGE.write_files(tmp_path)
    about = tmp_path / "queue_bus-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: queue-bus\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[bus_core.buses]\nqueues = queue_bus:QueueBus\n")
    program = (
        "from bus_core import connect; bus = connect('queues://one', service='submission'); "
        "print(type(bus).__name__, bus.service)"
    )
    env = {"PYTHONPATH": os.fspath(tmp_path)}
    with ManagedProcess([sys.executable, "-c", program], cwd=tmp_path, env=env) as process:
        assert process.wait() == 0, process.output
        assert process.output.strip() == "QueueBus submission"
