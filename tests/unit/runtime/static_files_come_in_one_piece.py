"""Static files are served from where the apps keep them, without `collectstatic` or a warning."""

import gzip

import pytest
from django.test import AsyncClient

pytestmark = pytest.mark.asyncio
FILE = "/static/admin/css/base.css"


async def test_a_file_is_there_under_asgi() -> None:
    answer = await AsyncClient().get(FILE)

    assert answer.status_code == 200
    assert not answer.streaming
    assert answer["Content-Type"].startswith("text/css")
    assert int(answer["Content-Length"]) == len(answer.content) > 1_000


async def test_an_unchanged_file_is_not_sent_again() -> None:
    first = await AsyncClient().get(FILE)

    again = await AsyncClient().get(FILE, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_part_of_a_file_and_its_head_alone() -> None:
    whole = await AsyncClient().get(FILE)
    part = await AsyncClient().get(FILE, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])

    head = await AsyncClient().head(FILE)
    assert (head.status_code, head.content) == (200, b"")
    assert head["Content-Length"] == whole["Content-Length"]


async def test_what_is_not_there_is_not_found() -> None:
    answer = await AsyncClient().get("/static/nothing.css")

    assert answer.status_code == 404


async def test_text_comes_compressed_for_who_takes_it_so() -> None:
    plain = await AsyncClient().get("/static/console/layout.css")
    packed = await AsyncClient().get(
        "/static/console/layout.css", headers={"Accept-Encoding": "gzip, br"}
    )
    assert "Content-Encoding" not in plain
    assert packed["Content-Encoding"] == "gzip"
    assert plain["Vary"] == packed["Vary"] == "Accept-Encoding"
    assert len(packed.content) == int(packed["Content-Length"]) < len(plain.content) / 2
    assert gzip.decompress(packed.content) == plain.content
