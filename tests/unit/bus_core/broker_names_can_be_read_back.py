"""Names on the broker: within AMQP's length, told apart, and understood again."""

from hypothesis import given
from hypothesis import strategies as st

from bus_core import topology
from bus_core.names import MAX_LENGTH, PATTERN
from bus_core.topology import OwnName, parse_name

NAMES = st.from_regex(rf"\A{PATTERN}\Z").filter(lambda name: len(name) <= MAX_LENGTH)
DELAYS = st.integers(1, 86_400_000)


@given(NAMES, NAMES, DELAYS)
def test_every_name_says_what_it_was_made_of(event_type: str, service: str, delay: int) -> None:
    assert parse_name(topology.event_exchange(event_type)) == OwnName(
        role="event", event_type=event_type
    )
    for make, role in (
        (topology.service_exchange, "service"),
        (topology.dead_letters, "dead"),
        (topology.control_stream, "control"),
    ):
        assert parse_name(make(service)) == OwnName(role=role, service=service)
    assert parse_name(topology.retry_step(service, delay)) == OwnName(
        role="retry", service=service, delay_ms=delay
    )
    assert parse_name(topology.consumer_queue(event_type, service)) == OwnName(
        role="consumer", event_type=event_type, service=service
    )


@given(st.tuples(NAMES, NAMES), st.tuples(NAMES, NAMES))
def test_two_subscriptions_never_share_a_queue(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    same = topology.consumer_queue(*one) == topology.consumer_queue(*other)
    assert same == (one == other)


@given(NAMES, NAMES)
def test_helpers_say_whose_they_are(event_type: str, service: str) -> None:
    swap = topology.swap_queue(event_type, service).name
    assert parse_name(swap) == OwnName(role="swap", event_type=event_type, service=service)
    source = topology.consumer_queue(event_type, service)
    kept = topology.quarantine_queue("0a1b2c3d4e", source).name
    assert len(kept.encode()) <= 255
    own = parse_name(kept)
    assert own is not None
    assert own.role == "quarantine"
    if own.source == source:
        assert (own.event_type, own.service) == (event_type, service)
    else:  # it was too long, and says of nobody that it is theirs
        assert own.source is not None
        assert own.source.endswith("~")
        assert source.startswith(own.source[:-1])
        assert (own.event_type, own.service) == (None, None)


def test_the_longest_names_are_within_255_bytes() -> None:
    longest = "x" * MAX_LENGTH
    whole = topology.merge(
        (
            topology.bus_topology(),
            topology.event_type_topology(longest),
            topology.service_topology(longest, (86_400_000,)),
            topology.subscription_topology(longest, longest),
        )
    )
    names = [one.name for one in (*whole.exchanges, *whole.queues)]
    names += [binding.routing_key for binding in whole.bindings]
    queue = topology.consumer_queue(longest, longest)
    names += [
        topology.swap_queue(longest, longest).name,
        topology.quarantine_queue("0a1b2c3d4e", queue).name,
    ]
    assert max(len(name.encode()) for name in names) <= 255


def test_the_reports_and_the_temporary_queues_are_ours() -> None:
    assert parse_name(topology.REPORTS) == OwnName(role="bus")
    assert parse_name(topology.tap_queue("a1b2").name) == OwnName(role="tap")
    assert parse_name(topology.tail_queue("a1b2").name) == OwnName(role="tail")


@given(st.text() | st.from_regex(r"\A(event|consumer|retry|dead|tap)__?[a-z_0-9]*\Z"))
def test_what_is_understood_is_made_the_same_again(name: str) -> None:
    own = parse_name(name)
    if own is None:
        return
    made = {
        "event": lambda: topology.event_exchange(own.event_type or ""),
        "service": lambda: topology.service_exchange(own.service or ""),
        "dead": lambda: topology.dead_letters(own.service or ""),
        "control": lambda: topology.control_stream(own.service or ""),
        "retry": lambda: topology.retry_step(own.service or "", own.delay_ms or 0),
        "consumer": lambda: topology.consumer_queue(own.event_type or "", own.service or ""),
    }
    if own.role in made:
        assert made[own.role]() == name


def test_the_names_of_others_are_left_alone() -> None:
    others = ("", "amq.direct", "orders", "event__", "event__a__b", "Event__a", "consumer__a")
    others += (
        "consumer__a__b__c",
        "retry__a",
        "retry__a__",
        "retry__a__0",
        "retry__a__01",
        "tap__",
    )
    assert [name for name in others if parse_name(name)] == []
