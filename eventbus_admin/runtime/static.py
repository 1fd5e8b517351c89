"""Serving static files from where the apps keep them, under ASGI."""

import gzip
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

# Pictures and fonts are compressed already.
_SHRINKS = ("text/", "application/javascript", "application/json", "image/svg+xml")
_WORTH_BYTES = 512


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]  # it has no types
    """WhiteNoise, with answers in one piece.

    Its own answers are streamed from a file, which Django under ASGI can only do by reading them
    whole, with a warning. Ours are small.
    """

    def add_files(self, root: str, prefix: str | None = None) -> None:
        """Add a folder's files; before `collectstatic` was ever run there is none."""
        if self.autorefresh or Path(root).is_dir():
            super().add_files(root, prefix)

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        """Return the file, or that it has not changed."""
        found: Any = static_file.get_response(request.method, request.META)
        content = b""
        if found.file is not None:
            with found.file:
                content = found.file.read()
        response = HttpResponse(content, status=int(found.status))
        del response["Content-Type"]
        for name, value in found.headers:
            response[name] = value
        if found.status == 200:
            response.content = content = _shrunk(response, request, content)
        if found.file is not None:
            # Counted, not remembered: during development files change under a running server.
            response["Content-Length"] = str(len(content))
        return response


def _shrunk(response: HttpResponse, request: HttpRequest, content: bytes) -> bytes:
    """Return the content, compressed for who takes it so; nothing was compressed beforehand."""
    if len(content) < _WORTH_BYTES or not response["Content-Type"].startswith(_SHRINKS):
        return content
    response["Vary"] = "Accept-Encoding"
    if "gzip" not in request.META.get("HTTP_ACCEPT_ENCODING", ""):
        return content
    response["Content-Encoding"] = "gzip"
    return _gzipped(content)


@lru_cache(maxsize=256)  # there are some dozens of files
def _gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
