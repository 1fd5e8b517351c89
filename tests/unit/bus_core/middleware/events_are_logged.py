"""`Logs`: one line an event, with fields that a formatter finds."""

import json
import logging
from collections.abc import Callable

import pytest
import structlog

from bus_core import BusClosed, Event, EventBus, PublishTimeout, RetryPolicy
from bus_core.middleware import Publication
from bus_core.middleware.logs import Logs
from tests.harness.poll import wait_until

Listen = Callable[..., EventBus]


def lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "bus_core.events"]


@pytest.fixture(autouse=True)
def _at_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bus_core.events")


def test_what_goes_well_is_a_line_at_info(listen: Listen, caplog: pytest.LogCaptureFixture) -> None:
    bus = listen(lambda _event: None, Logs())
    event = Event("asked", correlation_id="the story", causation_id="the cause")
    bus.publish(event)
    wait_until(lambda: len(lines(caplog)) == 2)
    by_outcome = {record.outcome: record for record in lines(caplog)}
    for record in by_outcome.values():
        assert record.levelno == logging.INFO
        assert (record.event_id, record.event_type) == (event.id, "asked")
        assert record.service == "meca-exporter"
        assert (record.correlation_id, record.causation_id) == ("the story", "the cause")
        assert 0 < record.ms < 10_000
        assert not hasattr(record, "error")
    assert by_outcome["handled"].attempts == 1
    assert by_outcome["published"].getMessage().startswith(f"meca-exporter published {event.id} (")


def test_a_failure_is_a_warning_with_its_error(
    listen: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_event: Event) -> None:
        raise ValueError("the journal is away")

    bus = listen(fail, Logs(), retry=RetryPolicy(attempts=2, delays_ms=(10,)))
    bus.publish(Event("asked"))
    wait_until(lambda: len(lines(caplog)) == 3)
    failed = [record for record in lines(caplog) if record.levelno == logging.WARNING]
    assert [(one.outcome, one.attempts) for one in failed] == [("retried", 1), ("dead", 2)]
    for record in failed:
        assert record.getMessage().endswith("ms): ValueError: the journal is away")
        assert "Traceback" in record.error


def test_an_event_that_did_not_go_out_is_a_warning(
    open_bus: Callable[..., EventBus], caplog: pytest.LogCaptureFixture
) -> None:
    bus = open_bus(Logs())
    bus.link.close()
    with pytest.raises(BusClosed):
        bus.publish(Event("asked"))
    (record,) = lines(caplog)
    assert (record.levelno, record.outcome) == (logging.WARNING, "failed")
    assert record.error == "this bus was closed"


def test_an_event_of_unknown_outcome_is_not_called_lost(caplog: pytest.LogCaptureFixture) -> None:
    publication = Publication(event=Event("asked"), service="meca-exporter")
    Logs().published(publication, PublishTimeout("no confirm in time"), 30.0)
    (record,) = lines(caplog)
    assert (record.outcome, record.ms) == ("unknown", 30_000)
    assert "does not know whether it published" in record.getMessage()


def test_another_logger_may_be_given(
    open_bus: Callable[..., EventBus], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "mine")
    open_bus(Logs(logging.getLogger("mine"))).publish(Event("asked"))
    assert lines(caplog) == []
    assert [record.outcome for record in caplog.records if record.name == "mine"] == ["published"]


def test_a_level_that_is_off_is_not_logged(
    open_bus: Callable[..., EventBus], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "bus_core.events")
    open_bus(Logs()).publish(Event("asked"))
    assert lines(caplog) == []


def test_structlog_turns_the_fields_into_json(
    open_bus: Callable[..., EventBus], caplog: pytest.LogCaptureFixture
) -> None:
    event = Event("asked")
    open_bus(Logs()).publish(event)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder()],
        processor=structlog.processors.JSONRenderer(),
    )
    fields = json.loads(formatter.format(lines(caplog)[0]))
    assert fields["event_id"] == event.id
    assert (fields["service"], fields["outcome"]) == ("meca-exporter", "published")
