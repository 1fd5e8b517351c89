"""`BusConformance`: all tests in one class to inherit from."""

from bus_core.testing.async_handling import AsyncHandlingConformance
from bus_core.testing.closing import ClosingConformance
from bus_core.testing.dead_lettering import DeadLetteringConformance
from bus_core.testing.delivering import DeliveringConformance
from bus_core.testing.directing import DirectingConformance
from bus_core.testing.event_fields import EventFieldsConformance
from bus_core.testing.ordering import OrderingConformance
from bus_core.testing.publishing import PublishingConformance
from bus_core.testing.retrying import RetryingConformance
from bus_core.testing.stories import StoriesConformance
from bus_core.testing.wire import WireConformance


class BusConformance(
    PublishingConformance,
    EventFieldsConformance,
    StoriesConformance,
    DeliveringConformance,
    AsyncHandlingConformance,
    RetryingConformance,
    DeadLetteringConformance,
    WireConformance,
    DirectingConformance,
    OrderingConformance,
    ClosingConformance,
):
    """Inherit under a name that begins with `Test`; `bus_core.testing` shows how.

    Override `connect` and, for a broker to start and stop, the fixture `broker`; then the hooks
    of the features that your bus has.
    """
