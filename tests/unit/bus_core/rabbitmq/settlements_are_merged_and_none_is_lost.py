"""Acknowledgements: as few frames as possible, and each delivery settled exactly once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_core.link import Settlement
from bus_core.rabbitmq.settlements import Settlements


class Channel:
    """A broker's side of a channel: knows what is outstanding, and closes on an unknown tag."""

    is_open = True

    def __init__(self) -> None:
        self.outstanding: list[int] = []
        self.settled: dict[int, str] = {}
        self.frames = 0

    def basic_ack(self, tag: int, multiple: bool = False) -> None:
        tags = [one for one in self.outstanding if one == tag or (multiple and one < tag)]
        self._settle(tag, tags, "ack")

    def basic_reject(self, tag: int, requeue: bool) -> None:
        assert requeue
        self._settle(tag, [tag], "reject")

    def basic_nack(self, tag: int, requeue: bool) -> None:
        assert requeue
        self._settle(tag, [tag], "return")

    def _settle(self, tag: int, tags: list[int], how: str) -> None:
        assert tag in self.outstanding, f"unknown delivery tag {tag}"
        self.frames += 1
        for one in tags:
            self.outstanding.remove(one)
            self.settled[one] = how


BATCHES = st.lists(
    st.lists(st.tuples(st.integers(0, 50), st.sampled_from(list(Settlement))), max_size=8),
    max_size=12,
)


@given(BATCHES)
def test_each_delivery_is_settled_as_it_was_meant(
    batches: list[list[tuple[int, Settlement]]],
) -> None:
    channel = Channel()
    settlements = Settlements(channel)
    last, meant = 0, {}
    for batch in batches:
        for _ in range(4):
            last += 1
            channel.outstanding.append(last)
            settlements.delivered(last)
        posted = []
        for choice, settlement in batch:
            left = [tag for tag in range(1, last + 1) if tag not in meant]
            if left:
                tag = left[choice % len(left)]
                meant[tag] = settlement.value
                posted.append((tag, settlement))
        settlements.settle(posted)
        assert channel.settled == meant
    assert sorted(channel.outstanding) == [tag for tag in range(1, last + 1) if tag not in meant]


@pytest.mark.parametrize("order", [range(1, 101), range(100, 0, -1)])
def test_contiguous_acknowledgements_become_one_frame(order: range) -> None:
    channel = Channel()
    settlements = Settlements(channel)
    for tag in range(1, 101):
        channel.outstanding.append(tag)
        settlements.delivered(tag)
    settlements.settle([(tag, Settlement.ACK) for tag in order])
    assert (channel.frames, channel.outstanding) == (1, [])


def test_nothing_is_sent_on_a_closed_channel() -> None:
    channel = Channel()
    settlements = Settlements(channel)
    channel.outstanding.append(1)
    settlements.delivered(1)
    channel.is_open = False
    settlements.settle([(1, Settlement.ACK)])
    assert channel.frames == 0
