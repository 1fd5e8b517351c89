"""Submission counts exports that succeeded, whoever did them, and each once."""

from bus_core import Event
from tests.examples.conftest import Libero


def test_every_export_of_a_journal_counts(libero: Libero) -> None:
    for number in range(3):
        libero.request("elife", str(number))
    libero.request("plant-notes", "7")

    libero.wait_for_successes(elife=6, plant_notes=1)


def test_an_event_that_comes_twice_counts_once(libero: Libero) -> None:
    twice = Event("exportSuccessful", {"journal": "elife", "articleId": "1", "export": "meca"})
    last = Event("exportSuccessful", {"journal": "plant-notes", "articleId": "2", "export": "meca"})
    libero.asking.publish_many([twice, twice, last])

    libero.wait_for_successes(elife=1, plant_notes=1)


def test_an_exporter_that_nobody_knew_counts_too(libero: Libero) -> None:
    newcomer = Event("exportSuccessful", {"journal": "elife", "articleId": "1", "export": "pubmed"})
    libero.asking.publish(newcomer)

    libero.wait_for_successes(elife=1)
