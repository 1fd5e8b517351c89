"""A pika whose private parts are other ones is used by its own paths, and nothing breaks."""

import pytest
from pika import SelectConnection
from pika.adapters.utils import io_services_utils

from bus_core.rabbitmq.bursts import supported


@pytest.mark.parametrize(
    "method",
    ["_on_data_available", "_process_frame", "_adapter_emit_data", "_proto_connection_made"],
)
def test_a_method_that_takes_something_else(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    monkeypatch.setattr(SelectConnection, method, lambda self: None)
    assert not supported()


@pytest.mark.parametrize("attribute", ["_MAX_RECV_BYTES", "get_write_buffer_size"])
def test_a_transport_without_a_part(monkeypatch: pytest.MonkeyPatch, attribute: str) -> None:
    class Other:
        _MAX_RECV_BYTES = 4096

        def get_write_buffer_size(self) -> int:
            return 0

    monkeypatch.setattr(io_services_utils, "_AsyncPlaintextTransport", Other)
    assert supported()
    monkeypatch.delattr(Other, attribute)
    assert not supported()


def test_no_such_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(io_services_utils, "_AsyncPlaintextTransport")
    assert not supported()
