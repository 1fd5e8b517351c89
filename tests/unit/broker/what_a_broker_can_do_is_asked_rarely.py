"""Tags, statistics and the default queue type are asked for once a minute, or of another broker."""

from typing import Any

import pytest

from eventbus_admin.broker.capabilities import KEPT_SECONDS, Probe
from eventbus_admin.broker.client import Read
from eventbus_admin.broker.errors import BrokerRefused
from tests.unit.reconcile.clock import Clock


class Api:
    """Answers from what a test has set, and counts."""

    def __init__(self) -> None:
        self.asked = 0
        self.tags = ["administrator"]
        self.overview: dict[str, Any] = {"cluster_name": "one", "rabbitmq_version": "3.10.8"}
        self.vhosts = [{"name": "/", "default_queue_type": "undefined"}]

    def get_together(self, reads: dict[str, Read]) -> dict[str, Any]:
        self.asked += 1
        answers = {
            "whoami": {"tags": self.tags},
            "overview": self.overview,
            "vhosts": self.vhosts,
        }
        assert reads.keys() == answers.keys()
        return answers

    def get(self, where: str) -> list[dict[str, Any]]:
        assert where == "global-parameters"
        return [{"name": "internal_cluster_id", "value": "its first disk"}]


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def probe(api: Api, clock: Clock) -> Probe:
    return Probe(api, "/", clock)  # type: ignore[arg-type]


def test_it_is_kept_for_a_while(probe: Probe, api: Api, clock: Clock) -> None:
    for _ in range(3):
        assert probe.capabilities().administrates
    assert api.asked == 1
    clock.now += KEPT_SECONDS
    api.overview["disable_stats"] = True
    assert not probe.capabilities().counts_consumers
    assert api.asked == 2


def test_another_broker_or_version_is_asked_anew(probe: Probe, api: Api) -> None:
    probe.capabilities()
    api.overview = {
        "cluster_name": "one",
        "rabbitmq_version": "4.0.5",
        "default_queue_type": "quorum",
    }
    seen = probe.info(api.overview)
    assert probe.capabilities(seen).default_queue_type == "quorum"
    assert probe.capabilities(seen).broker.version == "4.0.5"
    assert api.asked == 2


def test_a_virtual_hosts_own_default_goes_first(probe: Probe, api: Api) -> None:
    api.overview["default_queue_type"] = "quorum"
    api.vhosts[0]["default_queue_type"] = "stream"
    assert probe.capabilities().default_queue_type == "stream"


def test_a_new_tag_shows_at_once(probe: Probe, api: Api) -> None:
    api.tags = ["monitoring"]
    assert not probe.capabilities().administrates
    api.tags = ["administrator"]
    assert probe.capabilities().administrates


def test_who_would_be_shown_less_is_refused(probe: Probe, api: Api) -> None:
    api.tags = ["management"]
    with pytest.raises(BrokerRefused):
        probe.capabilities()
