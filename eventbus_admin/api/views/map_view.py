"""The map: who publishes what to whom."""

from rest_framework.request import Request
from rest_framework.response import Response

from eventbus_admin.api.documenting import documented
from eventbus_admin.api.serializers.map import EXAMPLE, MapOut, MapParameters
from eventbus_admin.api.views.base import Endpoint
from eventbus_admin.map.building import build
from eventbus_admin.map.narrowing import Wanted, narrowed
from eventbus_admin.map.reading import read_facts


class Map(Endpoint):
    """Services and event types as nodes, publications and subscriptions as edges."""

    parameters = MapParameters

    @documented("Read the map", answer=MapOut, example=EXAMPLE, parameters=MapParameters)
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Return who publishes what to whom, as declared and as seen, with states and numbers.

        A service sees what is its own.
        """
        wanted = Wanted(
            focus=self.wanted.get("focus", ""),
            owner=self.wanted.get("owner", ""),
            text=self.wanted.get("search", ""),
            problems=self.wanted["problems"],
            limit=self.wanted["limit"],
        )
        return Response(MapOut(narrowed(build(read_facts(self.viewer)), wanted)).data)
