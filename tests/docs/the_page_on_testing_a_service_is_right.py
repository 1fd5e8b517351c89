"""`docs/testing-a-service.md`: its services and their tests run as they stand."""

import re
from pathlib import Path

from tests.docs.page import NO_PLUGINS, PYTEST, Page
from tests.harness.process import ManagedProcess


def test_all_tests_of_the_page_pass(tmp_path: Path) -> None:
    files = Page("testing-a-service.md").write_files(tmp_path)
    cases = sum(len(re.findall("^def test_", file.read_text(), re.MULTILINE)) for file in files)
    command = [*PYTEST, "--rootdir", tmp_path, tmp_path]
    with ManagedProcess(command, cwd=tmp_path, env=NO_PLUGINS) as process:
        assert process.wait(timeout=60) == 0, process.output
        assert f"{cases + 1} passed" in process.output  # one of them runs for two articles
