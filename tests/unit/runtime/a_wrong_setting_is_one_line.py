"""A setting that cannot be used ends the command with one line that says what to change."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("EVENTBUS_BACKEND", "foo", "must be one of mock, rabbitmq"),
        ("PORT", "abc", "must be a whole number"),
        ("DATABASE_URL", "foo://x", "Write sqlite:///path or postgres://"),
        ("SECRET_KEY_FILE", "/does/not/exist", "which cannot be read"),
        ("EVENTBUS_RETRY_DELAYS_MS", "5,1", "write rising whole numbers"),
        ("REDIS_URL", "localhost", "must begin with redis://"),
        ("DEBUG", "maybe", "write 1 or 0"),
    ],
)
def test_it_names_the_setting_and_says_what_to_write(
    name: str, value: str, said: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"EVENTBUS_VAR_DIR": str(tmp_path), "PATH": "/usr/bin:/bin", name: value},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith(f"A setting is wrong: {name}")
    assert said in line
