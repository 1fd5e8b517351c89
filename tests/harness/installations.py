"""The RabbitMQs that are installed on this machine, and how their programs are started."""

import os
from dataclasses import dataclass
from pathlib import Path

BIN = Path("/usr/lib/rabbitmq/bin")

# Run by a shell in mount and filesystem namespaces of its own, which end with the process: there
# is nothing to unmount, however it ends. Each step replaces the one before, so that the process
# id stays that of the program.
_ENTER = 'mount -t proc proc "$1/proc" && exec chroot "$@"'


class RabbitMissingError(Exception):
    """This RabbitMQ cannot be run; the message says what to do."""


@dataclass(frozen=True)
class Installation:
    """Debian's RabbitMQ package, in this system or in a tree of its own."""

    made_by: str
    """The command that installs it."""
    root: Path = Path("/")

    @property
    def home(self) -> Path:
        """The folder with its plugins and scripts, as we see it."""
        return self._server.resolve().parent.parent

    def check(self) -> None:
        """Raise `RabbitMissingError` if it cannot be run."""
        if self._has_own_tree and os.geteuid() != 0:
            raise RabbitMissingError(
                f"RabbitMQ in {self.root} is run by chroot, which takes root. "
                'Run the tests as root, or without these: pytest -m "not long"'
            )
        if not self._server.exists():
            raise RabbitMissingError(f"RabbitMQ is not installed; run: {self.made_by}")

    def command(self, *args: str | Path) -> list[str | Path]:
        """What starts a program; `args` name it, and files, as the program sees them."""
        if not self._has_own_tree:
            return list(args)
        return ["unshare", "--mount", "sh", "-c", _ENTER, "enter", self.root, *args]

    @property
    def folder_for_data(self) -> Path | None:
        """Where its programs find folders of ours; None for anywhere."""
        return self.root / "tmp" if self._has_own_tree else None

    def inside(self, path: Path) -> Path:
        """A path as its programs see it."""
        return Path("/", path.relative_to(self.root))

    @property
    def _server(self) -> Path:
        return self.root / BIN.relative_to("/") / "rabbitmq-server"

    @property
    def _has_own_tree(self) -> bool:
        return self.root != Path("/")


INSTALLED = Installation("scripts/install-system-packages rabbitmq")
"""The package of this system; the version is Debian's, 3.10 on Debian 12."""
RABBITMQ_4 = Installation("scripts/make-rabbitmq4", Path("/var/cache/event-bus/rabbitmq4"))
"""RabbitMQ 4.0 from Debian 13."""
