"""The proxy before the management API passes everything on, unless it is told to misbehave."""

from collections.abc import Iterator

import pytest
import requests

from tests.harness.meddler import Meddler, Misdeed
from tests.harness.vhosts import Vhost


@pytest.fixture
def meddler(rabbit: Vhost) -> Iterator[Meddler]:
    with Meddler(rabbit.management_url) as meddler:
        yield meddler


def ask(meddler: Meddler, path: str, method: str = "GET") -> requests.Response:
    return requests.request(method, f"{meddler.url}/api/{path}", json={}, timeout=10)


def test_it_passes_on_and_counts(meddler: Meddler, rabbit: Vhost) -> None:
    assert ask(meddler, "exchanges").json() == rabbit.api("GET", "exchanges")
    assert ask(meddler, f"exchanges/{rabbit.vhost}/e", "PUT").status_code == 201
    assert ask(meddler, f"exchanges/{rabbit.vhost}/e", "DELETE").status_code == 204
    assert (len(meddler.reads), len(meddler.writes), meddler.meddled) == (1, 2, 0)


def test_it_spoils_what_it_was_told_to(meddler: Meddler) -> None:
    whole = ask(meddler, "exchanges").json()
    meddler.misbehave(Misdeed.HALVES, "exchanges")
    assert ask(meddler, "exchanges").json() == whole[: len(whole) // 2]
    assert ask(meddler, "overview").status_code == 200
    meddler.misbehave(Misdeed.FAILS)
    assert ask(meddler, "exchanges").status_code == 500
    meddler.misbehave(Misdeed.RESHAPES)
    assert ask(meddler, "exchanges").json() == {"items": whole}
    meddler.misbehave(Misdeed.CUTS)
    with pytest.raises(requests.RequestException):
        ask(meddler, "exchanges")
    meddler.behave()
    assert ask(meddler, "exchanges").json() == whole
    assert meddler.meddled == 4


def test_it_holds_writes(meddler: Meddler, rabbit: Vhost) -> None:
    meddler.hold_writes_after(1)
    where = f"exchanges/{rabbit.vhost}"
    assert ask(meddler, f"{where}/first", "PUT").status_code == 201
    with pytest.raises(requests.ReadTimeout):
        requests.put(f"{meddler.url}/api/{where}/second", json={}, timeout=0.3)
    assert meddler.held == 1
    names = {one["name"] for one in rabbit.api("GET", "exchanges/{vhost}")}
    assert "first" in names
    assert "second" not in names
