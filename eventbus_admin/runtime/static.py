"""Serving static files from where the apps keep them, under ASGI."""

from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile


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
        if found.file is not None:
            # Counted, not remembered: during development files change under a running server.
            response["Content-Length"] = str(len(content))
        return response
