"""`LivelyConsole`: the product as its users start it, with something on every page. No tests.

The example's services are alive, one subscription is paused, an integrator waits for a decision,
some events gave up and are being retried, strangers are on the broker, and the messages of one
that was removed are in quarantine.
"""

import re
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import requests
from playwright.sync_api import BrowserContext

from tests.harness.poll import wait_until
from tests.harness.ports import LOOPBACK, free_port
from tests.harness.process import ManagedProcess

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct-horse-battery"
REMOVED = "consumer__exportSuccessful__warehouse"


class LivelyConsole:
    """A running product and an admin who is signed in to it."""

    def __init__(self, folder: Path) -> None:
        self.url = f"http://{LOOPBACK}:{free_port()}"
        env = {
            "EVENTBUS_VAR_DIR": str(folder),
            "EVENTBUS_ADMIN_PASSWORD": PASSWORD,
            "EVENTBUS_COMPARE_SECONDS": "1",
            "PORT": self.url.rpartition(":")[2],
        }
        command = [sys.executable, "-m", "tests.harness.programs.lively"]
        self.process = ManagedProcess(command, cwd=ROOT, env=env)
        self._session = requests.Session()

    def __enter__(self) -> Self:
        wait_until(
            self._answers,
            timeout=90,
            ignoring=requests.RequestException,
            message=self.process.output_tail,
        )
        self.text("/login/")
        self.post("/login/", username="admin", password=PASSWORD)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._session.close()
        self.process.close()

    def fill(self) -> None:
        """Do what people do, until there is something on every page."""
        cause = self._until("/dead-letters/", r'href="/dead-letters/causes/(\d+)/')
        self.post("/dead-letters/retry/", cause=cause, careful="1")
        self._until("/drift/", r"old-mailer")
        number = self._until("/drift/?kind=queue", rf"/drift/objects/(\d+)/[^>]*>{REMOVED}<")
        self.post(f"/drift/objects/{number}/remove/", messages="quarantine", typed=REMOVED)
        self._until("/operations/", r"/quarantines/\d+/")
        self.post("/integrators/invite/", note="For a journal's own exporter")

    def sign_in(self, context: BrowserContext) -> None:
        """Have a browser be this admin's."""
        cookies = [
            {"name": one.name, "value": one.value or "", "url": self.url}
            for one in self._session.cookies
        ]
        context.add_cookies(cookies)  # type: ignore[arg-type]

    def get(self, path: str) -> requests.Response:
        """Ask for a page as this admin."""
        return self._session.get(self.url + path, timeout=20, allow_redirects=False)

    def text(self, path: str) -> str:
        """Return what a page holds."""
        return self.get(path).text

    def post(self, path: str, **fields: str) -> None:
        """Send a form as this admin; fails unless it is taken."""
        token = self._session.cookies["csrftoken"]
        answer = self._session.post(
            self.url + path, {**fields, "csrfmiddlewaretoken": token}, timeout=20
        )
        assert answer.status_code == 200, f"{path} answers {answer.status_code}"

    def _answers(self) -> bool:
        self.process.check_running()
        return requests.get(f"{self.url}/readyz", timeout=5).status_code == 200

    def _until(self, path: str, pattern: str) -> str:
        found = wait_until(
            lambda: re.search(pattern, self.text(path)),
            timeout=30,
            interval=0.5,
            message=lambda: f"{path} shows nothing like {pattern}",
        )
        assert found is not None
        return found[found.lastindex or 0]
