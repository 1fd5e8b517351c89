"""An export that fails every time ends as a dead letter of the exporter that could not do it."""

from bus_core.copies import DEAD_ATTEMPTS, DEAD_ERROR, DEAD_QUEUE
from tests.examples.conftest import Libero


def test_it_is_tried_three_times_and_then_kept_with_its_error(libero: Libero) -> None:
    libero.request("broken-journal", "7")
    libero.request("elife")

    libero.wait_for_dead_letters(meca_exporter=["attempts"])
    (letter,) = libero.listener.dead["meca-exporter"]
    headers = letter.message.headers
    assert headers[DEAD_QUEUE] == "consumer__beginMecaExport__meca-exporter"
    assert headers[DEAD_ATTEMPTS] == 3
    assert "PermissionError: closed-archive.example refused broken-journal-7" in headers[DEAD_ERROR]

    # Others are served meanwhile, and hear of no retry.
    libero.wait_for_successes(elife=2)
    assert libero.listener.journals("beginMecaExport") == ["broken-journal", "elife"]
    assert set(libero.listener.journals("exportSuccessful")) == {"elife"}
