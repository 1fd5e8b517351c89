"""Streams: read as often as one likes, from the newest message on."""

import pytest

from tests.unit.bus_core.memory.conftest import Bench


@pytest.fixture
def stream(bench: Bench) -> Bench:
    bench.queue("s", queue_type="stream")
    return bench


def test_from_last_begins_with_the_newest_message(stream: Bench) -> None:
    stream.send("s", *map(str, range(300)))
    first = stream.consume("s", last=True)
    assert (first.waiting, first.got) == (300, ["299"])
    stream.send("s", "300")
    assert first.got == ["299", "300"]
    assert stream.consume("s", last=True).got == ["300"]


def test_otherwise_it_begins_with_what_comes(stream: Bench) -> None:
    stream.send("s", "before")
    consumer = stream.consume("s")
    stream.send("s", "after")
    assert consumer.got == ["after"]


def test_every_reader_gets_everything_and_takes_nothing_away(stream: Bench) -> None:
    readers = [stream.consume("s", last=True) for _ in range(2)]
    stream.send("s", "1", "2")
    for reader in readers:
        reader.settle()
        assert reader.got == ["1", "2"]
    assert stream.ready("s") == 2


def test_an_empty_stream_says_that_nothing_waits(stream: Bench) -> None:
    assert stream.consume("s", last=True).waiting == 0


def test_it_keeps_only_the_newest(stream: Bench) -> None:
    stream.send("s", *map(str, range(1_500)))
    assert stream.ready("s") == 1_000
    assert stream.consume("s", last=True).got == ["1499"]
