"""What is in flight: confirms find their message, whatever their order."""

from hypothesis import given
from hypothesis import strategies as st

from bus_core.message import Message
from bus_core.rabbitmq.in_flight import InFlight, Outgoing, SingleTicket


def outgoing(size: int = 1, deadline: float = 0.0) -> Outgoing:
    message = Message(body=b"x" * size)
    return Outgoing("event__asked", "", message, None, deadline, SingleTicket())


STEPS = st.lists(
    st.tuples(st.sampled_from(["send", "ack", "ack many", "expire"]), st.integers(0, 40)),
    max_size=60,
)


@given(STEPS)
def test_it_behaves_like_a_table_of_tags(steps: list[tuple[str, int]]) -> None:
    ring, table, next_tag = InFlight(), {}, 1
    for step, number in steps:
        if step == "send":
            assert ring.next_tag == next_tag
            table[next_tag] = outgoing(size=number, deadline=number)
            ring.add(table[next_tag])
            next_tag += 1
        elif step == "expire":
            late = [tag for tag, one in table.items() if number >= one.deadline]
            assert ring.expire(number) == [table.pop(tag) for tag in late]
        else:
            many = step == "ack many"
            tags = [tag for tag in table if tag == number or (many and tag < number < next_tag)]
            assert ring.settle(number, multiple=many) == [table.pop(tag) for tag in tags]
        assert ring.messages == len(table)
        assert ring.bytes == sum(one.size for one in table.values())
        assert [ring.get(tag) for tag in range(next_tag + 1)] == [
            table.get(tag) for tag in range(next_tag + 1)
        ]
    assert ring.take_all() == list(table.values())
    assert (ring.messages, ring.bytes, ring.next_tag) == (0, 0, 1)
