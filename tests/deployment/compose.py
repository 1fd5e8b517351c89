"""docker-compose.yml and Dockerfile without Docker: the same files, commands and settings."""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from tests.harness.process import ManagedProcess

ROOT = Path(__file__).parents[2]
SECRETS = "/run/secrets"
_VARIABLE = re.compile(r"\$\{\w+:-([^}]*)\}|\$(\$)")
_FILE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
_INSTRUCTIONS = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8")).splitlines()

SECRET_FILES: dict[str, str] = {name: one["file"] for name, one in _FILE["secrets"].items()}
VOLUMES: list[str] = list(_FILE["volumes"])


@dataclass(frozen=True)
class Service:
    """One service of the file."""

    name: str
    said: dict[str, Any]

    @property
    def is_ours(self) -> bool:
        """Whether it runs from the Dockerfile."""
        return "build" in self.said

    @property
    def command(self) -> list[str]:
        """What it runs."""
        return [_interpolated(str(word)) for word in self.said["command"]]

    @property
    def environment(self) -> dict[str, str]:
        """Its settings, with the defaults of what a user may set beside the file."""
        settings = self.said.get("environment", {})
        return {name: _interpolated(str(value)) for name, value in settings.items()}

    @property
    def secrets(self) -> dict[str, str]:
        """Its secrets and where in the container each of them is."""
        named = [
            one if isinstance(one, dict) else {"source": one}
            for one in self.said.get("secrets", [])
        ]
        return {one["source"]: one.get("target", f"{SECRETS}/{one['source']}") for one in named}


SERVICES = {name: Service(name, said) for name, said in _FILE["services"].items()}


def instructions(name: str) -> list[str]:
    """What stands behind each instruction of this name in the Dockerfile."""
    return [line.removeprefix(f"{name} ") for line in _INSTRUCTIONS if line.startswith(f"{name} ")]


def make_secrets(folder: Path) -> str:
    """Run `scripts/make-secrets`; returns what it says."""
    done = subprocess.run(
        [ROOT / "scripts" / "make-secrets", folder],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout


class Installation:
    """Services of the file as processes of this machine; all end with it.

    `servers` holds URLs by the name of the secret that they replace.
    """

    def __init__(self, folder: Path, servers: Mapping[str, str]) -> None:
        self._folder = folder
        self._servers = servers
        self.image = folder / "image"
        self._processes = ExitStack()
        self._number = 0
        make_secrets(folder / "secrets")
        self._copy_the_image()

    def secret(self, name: str) -> str:
        """What a secret holds."""
        return (self._folder / "secrets" / name).read_text(encoding="utf-8").strip()

    def start(self, name: str, **settings: str) -> ManagedProcess:
        """Start an instance of a service, with these settings instead of the file's."""
        service = SERVICES[name]
        program, *words = service.command
        assert program == "python"
        secrets = self._mount(service)
        environment = {
            setting: value.replace(SECRETS, str(secrets))
            for setting, value in service.environment.items()
        }
        process = ManagedProcess(
            [sys.executable, *words],
            env={**self._of_the_image(), **environment, **settings},
            inherit_env=False,
            cwd=self.image,
        )
        return self._processes.enter_context(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._processes.close()

    def _copy_the_image(self) -> None:
        """Copy what the Dockerfile copies, and nothing else."""
        for line in instructions("COPY"):
            source, target = line.split()
            place = self.image / (f"{target}{source}" if target.endswith("/") else target)
            place.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, place)

    def _of_the_image(self) -> dict[str, str]:
        settings = [word.split("=", 1) for line in instructions("ENV") for word in line.split()]
        return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **dict(settings)}

    def _mount(self, service: Service) -> Path:
        """A folder with the secrets that the service was given, as only it sees them."""
        self._number += 1
        folder = self._folder / f"secrets-{self._number}-{service.name}"
        folder.mkdir()
        for name in service.secrets:
            content = self._servers.get(name) or self.secret(name)
            (folder / name).write_text(f"{content}\n", encoding="utf-8")
        return folder


def _interpolated(text: str) -> str:
    return _VARIABLE.sub(lambda found: found[2] or found[1], text)
