"""`docs/testing-a-service.md`: its services and their tests run as they stand."""

import re
import sys
from pathlib import Path

from tests.docs.page import Page
from tests.harness.process import ManagedProcess

PYTEST = (sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider")


def test_all_tests_of_the_page_pass(tmp_path: Path) -> None:
    files = Page("testing-a-service.md").write_files(tmp_path)
    cases = sum(len(re.findall("^def test_", file.read_text(), re.MULTILINE)) for file in files)
    command = [*PYTEST, "--rootdir", tmp_path, tmp_path]
    without_others = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    with ManagedProcess(command, cwd=tmp_path, env=without_others) as process:
        assert process.wait(timeout=60) == 0, process.output
        assert f"{cases + 1} passed" in process.output  # one of them runs for two articles
