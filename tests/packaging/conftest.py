"""The wheel, built from this checkout, in an environment that holds nothing but what it needs."""

import re
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
DEPENDENCIES = {"orjson", "pika"}


def run(
    command: list[str | Path], folder: Path, env: dict[str, str] | None = None, status: int = 0
) -> str:
    """Run a command in a folder of its own, so that it does not see the checkout."""
    done = subprocess.run(
        command,
        check=False,
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=100,
        stdin=subprocess.DEVNULL,
    )
    output = done.stdout + done.stderr
    assert done.returncode == status, f"{command} ended with {done.returncode}:\n{output}"
    return output


@dataclass(frozen=True)
class Installed:
    """A wheel, the environment into which it was installed, and a folder to work in."""

    wheel: Path
    environment: Path
    folder: Path

    @property
    def files(self) -> list[str]:
        """What is in the wheel."""
        with ZipFile(self.wheel) as archive:
            return archive.namelist()

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.environment / "bin" / "python"

    def run(self, program: str, *args: str | Path, status: int = 0) -> str:
        """Run a program of the environment, which must end so, and return what it wrote."""
        command = [self.environment / "bin" / program, *args]
        return run(command, self.folder, {"PYTHONWARNINGS": "error"}, status)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel, installed with its own dependencies in the versions that are pinned."""
    folder = tmp_path_factory.mktemp("packaging")
    environment = folder / "environment"
    venv.create(environment, symlinks=True)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder]
    run([*build, ROOT], folder)
    (wheel,) = folder.glob("*.whl")
    pins = folder / "pins.txt"
    pins.write_text(_pins(ROOT / "requirements" / "run.txt"))
    pip = [sys.executable, "-m", "pip", "--python", environment / "bin" / "python"]
    run([*pip, "install", "--no-deps", "--require-hashes", "-r", pins], folder)
    run([*pip, "install", "--no-deps", "--no-index", wheel], folder)
    run([*pip, "check"], folder)
    return Installed(wheel, environment, folder)


def _pins(requirements: Path) -> str:
    """Return the lines of the dependencies, hashes included."""
    entries = re.split(r"^(?=\w)", requirements.read_text(), flags=re.MULTILINE)
    found = [one for one in entries if one.partition("==")[0] in DEPENDENCIES]
    assert len(found) == len(DEPENDENCIES)
    return "".join(found)
