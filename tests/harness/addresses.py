"""Addresses made from a URL configuration, so that no page of it can be forgotten. No tests."""

import re
from collections.abc import Mapping

from django.urls import URLPattern

_PARAMETER = re.compile(r"<(?:\w+:)?(?P<name>\w+)>")


def address(pattern: URLPattern, samples: Mapping[str, str], root: str = "/") -> str:
    """Return an address that the pattern answers.

    `samples` has a value for each parameter, by `<name of the page>.<parameter>` or by
    `<parameter>` for all pages. What has none fails, and says so.
    """

    def value(found: re.Match[str]) -> str:
        name = found["name"]
        for key in (f"{pattern.name}.{name}", name):
            if key in samples:
                return samples[key]
        raise AssertionError(f"the page {pattern.name} has a new parameter: add a sample of {name}")

    return root + _PARAMETER.sub(value, str(pattern.pattern))
