"""What this broker can do and lets us see: asked once and kept for a while."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from eventbus_admin.broker.client import ManagementClient, Read
from eventbus_admin.broker.errors import BrokerRefused
from eventbus_admin.broker.identity import identity_of
from eventbus_admin.broker.interface import BrokerInfo

KEPT_SECONDS = 60.0
"""Tags and settings change without a word: so long we do not notice."""

_ADMINISTRATOR = "administrator"
_MONITORING = "monitoring"
_UNDEFINED = "undefined"


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What does not change from one look to the next."""

    broker: BrokerInfo
    administrates: bool
    """Whether we may see and make users, and read all definitions at once."""
    counts_consumers: bool
    default_queue_type: str


class Probe:
    """Knows the capabilities of the broker that answers for one virtual host."""

    def __init__(
        self, api: ManagementClient, vhost: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._api = api
        self._vhost = vhost
        self._clock = clock
        self._known: Capabilities | None = None
        self._good_until = 0.0

    def info(self, overview: Mapping[str, Any]) -> BrokerInfo:
        """Say which broker answered."""
        name = str(overview["cluster_name"])
        return BrokerInfo(
            identity=identity_of(self._api, name, self._vhost),
            name=name,
            version=str(overview["rabbitmq_version"]),
        )

    def capabilities(self, broker: BrokerInfo | None = None) -> Capabilities:
        """Return what is known, asking if it is too old or of another broker than this one.

        Raises `BrokerRefused` when the API would show us less than there is without saying so.
        """
        known = self._known
        if known is None or self._clock() >= self._good_until or broker not in {None, known.broker}:
            known = self._known = self._ask()
            # As long as something is hidden from us, a new tag is to show at the next look.
            kept = KEPT_SECONDS if known.administrates else 0.0
            self._good_until = self._clock() + kept
        return known

    def _ask(self) -> Capabilities:
        self._known = None
        answers = self._api.get_together(
            {
                "whoami": Read("whoami"),
                "overview": Read("overview"),
                "vhosts": Read("vhosts", {"columns": "name,default_queue_type"}),
            }
        )
        tags = frozenset(answers["whoami"]["tags"])
        if not tags & {_ADMINISTRATOR, _MONITORING}:
            raise BrokerRefused(
                "RabbitMQ hides other users' consumers from us. Give the user in "
                "EVENTBUS_MANAGEMENT_URL the tags monitoring and policymaker."
            )
        overview = answers["overview"]
        return Capabilities(
            broker=self.info(overview),
            administrates=_ADMINISTRATOR in tags,
            counts_consumers=not overview.get("disable_stats"),
            default_queue_type=self._default_queue_type(answers["vhosts"], overview),
        )

    def _default_queue_type(self, vhosts: Any, overview: Mapping[str, Any]) -> str:
        ours = next((one for one in vhosts if one["name"] == self._vhost), None)
        if ours is None:
            raise BrokerRefused(
                f"There is no virtual host {self._vhost!r} that we may see. Create it, or correct "
                "EVENTBUS_AMQP_URL."
            )
        kind = ours.get("default_queue_type")
        if kind in {None, _UNDEFINED}:
            kind = overview.get("default_queue_type", "classic")
        return str(kind)
