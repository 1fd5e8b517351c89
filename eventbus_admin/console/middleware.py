"""Response headers that confine what a page of ours may load and do."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

# 'self' in connect-src covers the feed's WebSocket on the same host and port.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class ContentSecurityPolicyMiddleware(MiddlewareMixin):
    """No inline script, no inline style, nothing from elsewhere; a view may set its own policy."""

    def process_response(self, _request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Add the headers that the view has not set itself."""
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        # Django's own debugging pages carry their style inline.
        if not (settings.DEBUG and response.status_code in {404, 500}):
            response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response
