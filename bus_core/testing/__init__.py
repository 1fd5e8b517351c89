"""The conformance suite: what every `EventBus` promises, as tests that you run on your own.

It needs pytest and nothing else. Inherit, say how to connect, and run pytest:

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

import pytest

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
from bus_core.testing.waiting import eventually, eventually_equal  # noqa: E402

__all__ = ["BusConformance", "DeadLetter", "Features", "eventually", "eventually_equal"]
