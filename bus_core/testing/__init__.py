"""What proves a service, and what proves a bus; both need pytest (`pip install bus-core[testing]`).

**The testing kit** is for the tests of a service: an embedded broker of the test's own, a clock
that the test moves, a look at what was published, and faults. In your `conftest.py`:

    pytest_plugins = ["bus_core.testing.fixtures"]

and in a test:

    def test_an_export_is_announced(memory_bus):
        memory_bus.start(make_bus(memory_bus.url))
        memory_bus.publish(Event("exportRequested", {"journal": "elife"}))
        memory_bus.drain()
        assert [one.payload for one in memory_bus.published("exportSuccessful")] == [...]

`MemoryBus` says what else there is; `docs/testing-a-service.md` in the project tells more.

**The conformance suite** is for the tests of a bus: what every `EventBus` promises, to be run on
your own. Inherit, say how to connect, and run pytest:

    import pytest
    from bus_core.testing import BusConformance, Features

    class TestMyBus(BusConformance):
        features = Features(directives=False, wire=False)   # what yours does not do

        @pytest.fixture
        def broker(self):
            with my_broker() as address:
                yield address

        def connect(self, broker, service, **options):
            return MyBus(broker, service, **options)

`Features` lists what a bus may leave out, and which hook each feature needs. Every test uses names
of its own, so tests may share a broker. `docs/implementing-a-bus.md` in the project tells more.
"""

try:
    import pytest
except ModuleNotFoundError as error:
    if error.name != "pytest":
        raise
    raise ModuleNotFoundError(
        "bus_core.testing needs pytest: pip install bus-core[testing]", name="pytest"
    ) from None

# Before the modules are imported: their asserts then show values when they fail.
pytest.register_assert_rewrite(
    *(
        f"{__name__}.{module}"
        for module in (
            "async_handling",
            "closing",
            "dead_lettering",
            "delivering",
            "directing",
            "event_fields",
            "ordering",
            "publishing",
            "retrying",
            "stories",
            "waiting",
            "wire",
        )
    )
)

from bus_core.testing.conformance import BusConformance  # noqa: E402
from bus_core.testing.features import DeadLetter, Features  # noqa: E402
from bus_core.testing.handler_watch import HandlerError  # noqa: E402
from bus_core.testing.memory_bus import DeadEvent, MemoryBus  # noqa: E402
from bus_core.testing.waiting import eventually, eventually_equal  # noqa: E402

__all__ = [
    "BusConformance",
    "DeadEvent",
    "DeadLetter",
    "Features",
    "HandlerError",
    "MemoryBus",
    "eventually",
    "eventually_equal",
]
