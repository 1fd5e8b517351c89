"""An export that fails once is done after a retry, and is counted once."""

from tests.examples.conftest import Libero


def test_it_succeeds_after_a_retry(libero: Libero) -> None:
    libero.request("flaky-journal", "1")
    libero.request("plant-notes", "2")

    libero.wait_for_successes(flaky_journal=1, plant_notes=1)
    libero.listener.wait_for(exportSuccessful=2)
    # Who came later did not wait for it, and the event itself was published once.
    assert libero.listener.journals("exportSuccessful") == ["plant-notes", "flaky-journal"]
    assert libero.listener.journals("beginMecaExport") == ["flaky-journal", "plant-notes"]
    assert libero.listener.reasons() == {}
