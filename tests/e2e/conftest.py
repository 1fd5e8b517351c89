"""The product as its users start it, a real Chromium in front of it, services beside it."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page

from tests.harness.poll import wait_until
from tests.harness.ports import LOOPBACK, free_port
from tests.harness.process import ManagedProcess
from tests.harness.vhosts import Vhost

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct-horse-battery"
SEED = "from eventbus_admin.runtime.seed import seed_if_empty; assert seed_if_empty()"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"


@dataclass
class Product:
    """A running admin."""

    url: str
    process: ManagedProcess

    def sign_in(self, page: Page) -> None:
        """Sign in as the first admin."""
        page.goto(f"{self.url}/login/")
        page.get_by_label("Username").fill("admin")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Overview").wait_for()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, as root, without calls to the outside."""
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": quiet}


@pytest.fixture
def start_product(tmp_path: Path) -> Iterator[Callable[..., Product]]:
    """Starts `manage.py serve` with these settings, and waits until it answers."""
    with ExitStack() as stack:

        def manage(env: dict[str, str], *arguments: str) -> ManagedProcess:
            command = [sys.executable, "manage.py", *arguments]
            return stack.enter_context(ManagedProcess(command, cwd=ROOT, env=env))

        def start(*, registry_of_the_story: bool = False, **settings: str) -> Product:
            port = free_port()
            env = {
                "EVENTBUS_VAR_DIR": str(tmp_path / "var"),
                "EVENTBUS_ADMIN_PASSWORD": PASSWORD,
                "EVENTBUS_COMPARE_SECONDS": "1",
                "PORT": str(port),
                **settings,
            }
            if registry_of_the_story:
                for arguments in (("migrate",), ("shell", "-c", SEED)):
                    preparing = manage(env, *arguments)
                    assert preparing.wait(timeout=60) == 0, preparing.output_tail()
            process = manage(env, "serve")
            product = Product(f"http://{LOOPBACK}:{port}", process)

            def answers() -> bool:
                process.check_running()
                return requests.get(f"{product.url}/readyz", timeout=5).status_code == 200

            wait_until(
                answers, timeout=60, ignoring=requests.RequestException, message=process.output_tail
            )
            return product

        yield start


@pytest.fixture
def product_on_rabbitmq(start_product: Callable[..., Product], rabbit: Vhost) -> Product:
    """The product on a real broker, in a vhost of its own; the example's registry, no services."""
    return start_product(
        registry_of_the_story=True,
        EVENTBUS_BACKEND="rabbitmq",
        EVENTBUS_AMQP_URL=rabbit.amqp_url,
        EVENTBUS_MANAGEMENT_URL=rabbit.management_url,
    )


@pytest.fixture
def run_program(tmp_path: Path) -> Iterator[Callable[..., ManagedProcess]]:
    """Starts a command of this project as a process of its own, such as a worker."""
    with ExitStack() as stack:

        def start(*arguments: str) -> ManagedProcess:
            command = [sys.executable, "-m", *arguments]
            return stack.enter_context(ManagedProcess(command, cwd=ROOT))

        yield start


def subscribe(page: Page, product: Product, service: str, event_type: str) -> None:
    """Create a subscription through the form, as a person does."""
    page.goto(f"{product.url}/subscriptions/")
    page.get_by_role("link", name="New subscription").click()
    page.get_by_role("combobox", name="Service").fill(service)
    page.get_by_role("combobox", name="Event type").fill(event_type)
    page.get_by_role("button", name="Subscribe").click()
    page.wait_for_url(f"**/subscriptions/{event_type}/{service}/")
