"""The constants in `docs/settings.md` have the values that it says."""

import importlib
import re
from pathlib import Path

import pytest

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "settings.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([a-z_.]+)\.([A-Z_]+)` \| ([\d,.]+) ?(s|MiB|) \|", TEXT, re.MULTILINE)
UNITS = {"": 1, "s": 1, "MiB": 1024 * 1024}


@pytest.mark.parametrize(("module", "name", "number", "unit"), ROWS)
def test_a_constant(module: str, name: str, number: str, unit: str) -> None:
    value = getattr(importlib.import_module(f"bus_core.{module}"), name)
    assert value == float(number.replace(",", "")) * UNITS[unit]


def test_every_row_was_read() -> None:
    table = TEXT.split("## What is fixed")[1]
    assert len(ROWS) == sum(line.startswith("| `") for line in table.splitlines())
