"""The OpenAPI document, and the page that shows it."""

from functools import lru_cache
from typing import Any

import orjson
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request

from eventbus_admin.api.views.base import Endpoint

CONTENT_TYPE = "application/vnd.oai.openapi+json"


class Schema(Endpoint):
    """The OpenAPI document."""

    permission_classes = ()
    schema = None

    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002
        """Return it; anybody may read it."""
        return HttpResponse(_written(), content_type=CONTENT_TYPE)


class Docs(Endpoint):
    """The page about it."""

    permission_classes = ()
    schema = None

    def get(self, request: Request) -> HttpResponse:
        """Show the document in Swagger UI; what it tries needs the CSRF cookie."""
        get_token(request._request)
        return render(request._request, "api/docs.html")


def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    schema: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema


@lru_cache(maxsize=1)
def _written() -> bytes:
    return orjson.dumps(document(), default=str)
