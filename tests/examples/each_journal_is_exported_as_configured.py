"""The export manager begins the exports that a journal's configuration names, and no others."""

from bus_core.copies import DEAD_ATTEMPTS, DEAD_ERROR
from tests.examples.conftest import Libero


def test_a_journal_goes_to_meca_only_and_another_to_crossref_too(libero: Libero) -> None:
    heard = libero.listener.heard
    first = libero.request("plant-notes", "101")
    second = libero.request("elife", "64567")

    # The second request is handled after the first: what it causes tells that nothing else comes.
    libero.wait_for_successes(elife=2, plant_notes=1)
    libero.listener.wait_for(beginMecaExport=2, beginCrossrefExport=1, exportSuccessful=3)

    assert libero.listener.journals("beginMecaExport") == ["plant-notes", "elife"]
    assert libero.listener.journals("beginCrossrefExport") == ["elife"]
    meca, both = heard["beginMecaExport"]
    (crossref,) = heard["beginCrossrefExport"]
    assert meca.payload == {**first.payload, "destination": "archive"}
    assert both.payload == {**second.payload, "destination": "archive"}
    assert crossref.payload == {**second.payload, "doi": "10.7554/eLife.64567"}
    done = {(one.payload["journal"], one.payload["export"]) for one in heard["exportSuccessful"]}
    assert done == {("plant-notes", "meca"), ("elife", "meca"), ("elife", "crossref")}


def test_everything_that_follows_from_a_request_belongs_to_its_story(libero: Libero) -> None:
    request = libero.request("elife")
    libero.listener.wait_for(beginMecaExport=1, beginCrossrefExport=1, exportSuccessful=2)

    events = [one for heard in libero.listener.heard.values() for one in heard]
    assert {one.correlation_id for one in events} == {request.id}
    begun = libero.listener.heard["beginMecaExport"] + libero.listener.heard["beginCrossrefExport"]
    assert {one.causation_id for one in begun} == {request.id}
    ended = {one.causation_id for one in libero.listener.heard["exportSuccessful"]}
    assert ended == {one.id for one in begun}


def test_a_journal_without_configuration_is_rejected_in_a_sentence(libero: Libero) -> None:
    request = libero.request("unlisted-journal")

    libero.wait_for_dead_letters(export_manager=["rejected"])
    (letter,) = libero.listener.dead["export-manager"]
    assert letter.message.message_id == request.id
    assert letter.message.headers[DEAD_ATTEMPTS] == 1
    assert letter.message.headers[DEAD_ERROR] == (
        "no exports are configured for the journal 'unlisted-journal' (journals.json)"
    )
