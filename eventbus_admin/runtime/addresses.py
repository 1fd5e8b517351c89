"""Addresses that no page can answer, refused before anything looks at them."""

from urllib.parse import unquote_plus

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils.deprecation import MiddlewareMixin


class NullCharacterMiddleware(MiddlewareMixin):
    """Refuse a null character in an address: PostgreSQL takes it in no comparison."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Answer 400 to such an address; the API says it in its own shape."""
        if request.path.startswith("/api/"):
            return None
        if "\0" in request.path or "\0" in unquote_plus(request.META.get("QUERY_STRING", "")):
            return HttpResponseBadRequest(
                "The address holds a null character; remove it.", content_type="text/plain"
            )
        return None
